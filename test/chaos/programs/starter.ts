/** Starts workers and closes them at a random time within the start, many times; then it has to end by itself. */
import { setTimeout as sleep } from "node:timers/promises";

import { BrokerError, EngineClosedError } from "spinach";

import { seededRandom } from "../../../src/testing/seeded-random.ts";
import { monotonicMs, openJournal } from "../journal.ts";
import { childEngine, childRequest } from "./child.ts";
import { beats, load } from "./tasks.ts";
import { makeWorkers } from "./worker-kinds.ts";

const STARTS = 8;

/** A start takes so long at most where nothing is wrong, and no more than part of it is let go, in ms. */
const LONGEST_MS = 250;

/** How long a stop waits for running jobs, in ms. */
const STOP_TIMEOUT_MS = 100;

const request = childRequest();
const note = openJournal();
const random = seededRandom(request.seed);
for (let time = 0; time < STARTS; time += 1) {
  // Many faults of a start are in its first steps.
  await startAndClose(random() < 0.3 ? 0 : LONGEST_MS * random() ** 2);
}
note({ event: "closed", tookMs: 0 });

async function startAndClose(afterMs: number): Promise<void> {
  const { spin, broker } = childEngine(request, note);
  spin.attachTasks(load, beats);
  note({ event: "broker", id: broker.id });
  const workers = makeWorkers(request.workers);
  const started = spin.startWorkers({ workers }).catch((error: unknown) => {
    if (!(error instanceof EngineClosedError) && !(error instanceof BrokerError)) throw error;
  });
  if (afterMs > 0) await sleep(afterMs);
  const closingAtMs = monotonicMs();
  note({ event: "broker", id: broker.id });
  await spin.close({ timeout: STOP_TIMEOUT_MS });
  await started;
  note({ event: "closed", tookMs: monotonicMs() - closingAtMs });
}
