/** Each option of workers on threads, where its value decides. */
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import { ThreadWorkers } from "../../../src/workers/threads/thread-workers.ts";
import { living, type Submitted, ThreadBench } from "./thread-bench.ts";

afterEach(() => {
  assert.equal(living.size, 0, "[G15] no thread is left");
});

/** Jobs that keep a slot each. */
function fill(bench: ThreadBench, slots: number): readonly Submitted[] {
  return Array.from({ length: slots }, () => bench.submit({}, "sleepForever"));
}

async function allStarted(jobs: readonly Submitted[]): Promise<void> {
  for (const { started } of jobs) await started;
}

describe("an option of workers on threads", () => {
  for (const Workers of [ThreadWorkers, AsyncWorkers]) {
    it(`resourceLimits of ${Workers.name} are those of each thread`, async () => {
      const resourceLimits = { maxOldGenerationSizeMb: 50, stackSizeMb: 2 };
      const threads = Workers === AsyncWorkers ? { threads: 1 } : {};
      await using bench = await new ThreadBench(
        new Workers({ number: 1, ...threads, resourceLimits }),
      ).start();
      assert.deepEqual(await bench.run("limits"), [50, 2]);
    });
  }

  it("threads is how many there are; the slots are spread over them, none is lost", async () => {
    await using bench = await new ThreadBench(new AsyncWorkers({ number: 5, threads: 2 })).start();
    assert.equal(living.size, 2);
    await allStarted(fill(bench, 5));
    assert.equal(bench.workers.availableSlots, 0);
  });

  it("number is how many jobs run at once, also after a thread has died with its slots", async () => {
    await using bench = await new ThreadBench(new AsyncWorkers({ number: 4, threads: 1 })).start();
    await bench.failure({}, "exit", 1);
    await allStarted(fill(bench, 4));
    assert.equal(bench.workers.availableSlots, 0);
  });

  it('idle "loop": what keeps nothing alive is served between jobs', async () => {
    await using bench = await new ThreadBench(
      new ThreadWorkers({ number: 1, idle: "loop" }),
    ).start();
    await bench.run("leaveUnrefTimer", 50);
    await bench.lines(1);
    assert.equal(bench.logger.lines[0]?.message, "the timer fired");
  });

  it('idle "block": what keeps nothing alive is served before the next job', async () => {
    await using bench = await new ThreadBench(
      new ThreadWorkers({ number: 1, idle: "block" }),
    ).start();
    await bench.run("leaveUnrefTimer", 50);
    // That nothing comes has no signal.
    await sleep(300);
    assert.deepEqual(bench.logger.lines, []);
    await bench.run("echo");
    await bench.lines(1);
  });
});
