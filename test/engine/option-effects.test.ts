/** Options of an engine whose value decides: with each one that differs from its default, something else happens. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { MemoryBroker } from "../../src/brokers/memory/memory-broker.ts";
import { Engine } from "../../src/engine/engine.ts";
import type { RunningWorkers } from "../../src/engine/running-workers.ts";
import { currentJob } from "../../src/workers/current-job.ts";
import { drain, engineBench, type EngineBench, passUntil, startWorkers } from "./engine-bench.ts";

/** No default, and no other number of these tests. */
const TIMEOUT_MS = 700;

interface Running {
  readonly bench: EngineBench;
  readonly running: RunningWorkers;
  /** After how long its signal aborted, in ms, once it has. */
  readonly abortedAfterMs: () => number | undefined;
}

/** Workers with a job that runs until its signal aborts. */
async function withEndlessJob(): Promise<Running> {
  const bench = engineBench();
  const { spin, runtime } = bench;
  let abortedAtMs: number | undefined;
  const endless = spin.task("endless", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    currentJob()?.signal.addEventListener("abort", () => {
      abortedAtMs = runtime.clock.monotonic();
      resolve();
    });
    await promise;
  });
  await spin.schedule(endless);
  const running = await startWorkers(bench);
  await runtime.advance(1);
  const startMs = runtime.clock.monotonic();
  return { bench, running, abortedAfterMs: () => abortedAtMs && abortedAtMs - startMs };
}

describe("how long running jobs have is what the call says: of", () => {
  const stops: Readonly<Record<string, (it: Running) => Promise<void>>> = {
    "RunningWorkers.stop()": ({ running }) => running.stop({ timeout: TIMEOUT_MS }),
    "stopWorkers()": ({ bench }) => bench.spin.stopWorkers({ timeout: TIMEOUT_MS }),
    "close()": ({ bench }) => bench.spin.close({ timeout: TIMEOUT_MS }),
    "a second RunningWorkers.stop(), while the first one waits": ({ running }) => {
      void running.stop();
      return running.stop({ timeout: TIMEOUT_MS });
    },
    "a second close(), while the first one waits": ({ bench }) => {
      void bench.spin.close();
      return bench.spin.close({ timeout: TIMEOUT_MS });
    },
  };
  for (const [name, stop] of Object.entries(stops)) {
    it(`[G11] ${name}`, async () => {
      const stopped = await withEndlessJob();
      const stopping = stop(stopped);
      await stopped.bench.runtime.advance(TIMEOUT_MS - 1);
      assert.equal(stopped.abortedAfterMs(), undefined, "too early");
      await stopped.bench.runtime.advance(1);
      assert.equal(stopped.abortedAfterMs(), TIMEOUT_MS);
      await passUntil(stopped.bench.runtime, stopping);
    });
  }
});

describe("new Engine()", () => {
  it("namespace: jobs of another one on the same store are not its own", async () => {
    const bench = engineBench();
    const runs: string[] = [];
    const work = (where: string) => (): void => void runs.push(where);
    const { runtime, store } = bench;
    const other = new Engine(new MemoryBroker({ store }), { namespace: "other", runtime });
    const task = other.task("work", work("other"));
    bench.spin.task("work", work("default"));
    await other.schedule(task);
    await drain(bench);
    assert.deepEqual(runs, []);
    await drain({ ...bench, spin: other });
    assert.deepEqual(runs, ["other"]);
  });
});
