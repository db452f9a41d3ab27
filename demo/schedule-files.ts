import { Batch, type Engine } from "spinach";

import { describeProblem } from "./failure.ts";
import { measure } from "./file-tasks.ts";
import type { Ledger } from "./ledger.ts";
import { listFiles } from "./list-files.ts";

const BATCH_SIZE = 500;

/** Jobs that may wait at once: enough that no coroutine starves, few enough for any memory. */
const MAX_OUTSTANDING = 10_000;

/** What scheduling needs. */
export interface SchedulingParts {
  readonly spin: Engine;
  readonly ledger: Ledger;
}

/** Schedules a job for each file, in batches, while the workers run. Ends early after an interrupt. */
export async function scheduleFiles(folder: string, parts: SchedulingParts): Promise<void> {
  const { ledger } = parts;
  let batch = new Batch();
  for await (const found of listFiles(folder)) {
    if (ledger.isInterrupted) return;
    if (found.kind === "skipped") ledger.skipped += 1;
    else if (found.kind === "file") batch.schedule(measure, found.path);
    else ledger.folderFailed({ path: found.path, problem: describeProblem(found.error) });
    if (batch.size === BATCH_SIZE) {
      await scheduleBatch(batch, parts);
      batch = new Batch();
    }
  }
  await scheduleBatch(batch, parts);
}

async function scheduleBatch(batch: Batch, { spin, ledger }: SchedulingParts): Promise<void> {
  await ledger.outstandingAtMost(MAX_OUTSTANDING - batch.size);
  // Before the trip: the first jobs may end before it is over.
  ledger.scheduled += batch.size;
  await spin.scheduleBatch(batch);
}
