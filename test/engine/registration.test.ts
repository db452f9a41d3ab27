/** What a process knows of its tasks is registered before anything of them is fetched, and again when it may be lost. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { Batch } from "../../src/core/batch.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { engineBench, type EngineBench, startWorkers } from "./engine-bench.ts";

/** A task with a limit of 1 that notes how many of it ran at once. */
function single({ spin, runtime }: EngineBench): { most: number; ends: number } {
  const seen = { most: 0, ends: 0 };
  let now = 0;
  spin.task("single", { maxConcurrency: 1, maxRetries: 3 }, async () => {
    now += 1;
    seen.most = Math.max(seen.most, now);
    await new Promise<void>((resolve) => {
      runtime.timers.set(resolve, 20);
    });
    now -= 1;
    seen.ends += 1;
  });
  return seen;
}

/** In one call: the next fetch finds them all. */
async function scheduleSingles(spin: Engine, count = 10): Promise<void> {
  const batch = new Batch();
  for (let index = 0; index < count; index += 1) batch.schedule("single");
  await spin.scheduleBatch(batch);
}

/** A process that schedules, and has the task too. */
function producerOf(bench: EngineBench): EngineBench {
  const producer = engineBench(bench);
  single(producer);
  return producer;
}

describe("a task that is registered while workers run", () => {
  it("[G5] keeps its limit though it is fetched at once", async () => {
    const bench = engineBench();
    await startWorkers(bench);
    await bench.runtime.advance(10);
    const seen = single(bench);
    const registered = bench.broker.holdNext("register");
    await scheduleSingles(bench.spin);
    await bench.runtime.advance(100);
    assert.equal(seen.most, 0, "nothing of it runs before the broker has acknowledged it");
    registered();
    await bench.runtime.advance(1000);
    assert.deepEqual(seen, { most: 1, ends: 10 });
    await bench.spin.close();
  });

  it("[G5] keeps its limit where a fetch is under way that brings its jobs", async () => {
    const bench = engineBench();
    const producer = producerOf(bench);
    await startWorkers(bench);
    await bench.runtime.advance(10);
    const fetched = bench.broker.holdNext("exchange");
    await scheduleSingles(producer.spin);
    await bench.runtime.advance(1);
    const seen = single(bench);
    fetched();
    await bench.runtime.advance(1000);
    assert.deepEqual(seen, { most: 1, ends: 10 });
    await bench.spin.close();
    await producer.spin.close();
  });

  it("[G5] keeps its limit where a reply was lost that brought its jobs", async () => {
    const bench = engineBench();
    const producer = producerOf(bench);
    await startWorkers(bench);
    await bench.runtime.advance(10);
    bench.broker.failNext("exchange", "after");
    const fetched = bench.broker.holdNext("exchange");
    await scheduleSingles(producer.spin);
    await bench.runtime.advance(1);
    const seen = single(bench);
    fetched();
    await bench.runtime.advance(2000);
    assert.deepEqual(seen, { most: 1, ends: 10 });
    await bench.spin.close();
    await producer.spin.close();
  });

  // The last trip of short jobs brings two long ones and two of the task, for one of these numbers.
  for (const shorts of [40, 41, 42, 43]) {
    it(`[G5] keeps its limit where its jobs were prefetched, behind ${shorts} short ones`, async () => {
      const bench = engineBench();
      const producer = producerOf(bench);
      const gate = Promise.withResolvers<void>();
      bench.spin.task("short", () => undefined);
      bench.spin.task("long", async () => gate.promise);
      const batch = new Batch();
      for (let index = 0; index < shorts; index += 1) batch.schedule("short");
      batch.schedule("long").schedule("long");
      await bench.spin.scheduleBatch(batch);
      await scheduleSingles(producer.spin, 4);
      await startWorkers(bench, { number: 2 });
      // No time passes: what is prefetched waits behind the long ones.
      await bench.runtime.advance(0);
      const seen = single(bench);
      gate.resolve();
      await bench.runtime.advance(1000);
      assert.deepEqual(seen, { most: 1, ends: 4 });
      await bench.spin.close();
      await producer.spin.close();
    });
  }

  it("[G10] runs by its period at once, not when the broker is looked at next", async () => {
    const bench = engineBench();
    await startWorkers(bench);
    await bench.runtime.advance(5000);
    let beats = 0;
    bench.spin.task("beat", { periodicity: 200 }, () => {
      beats += 1;
    });
    await bench.runtime.advance(1050);
    assert.equal(beats, 5);
    await bench.spin.close();
  });
});

describe("a process that is no member any more", () => {
  it("[G5] [G8] registers its tasks before it fetches", async () => {
    const bench = engineBench();
    const seen = single(bench);
    await startWorkers(bench);
    await bench.runtime.advance(10);
    await bench.broker.flush();
    const registered = bench.broker.holdNext("register");
    await scheduleSingles(bench.spin);
    await bench.runtime.advance(100);
    assert.equal(seen.most, 0);
    registered();
    await bench.runtime.advance(2000);
    assert.deepEqual(seen, { most: 1, ends: 10 });
    await bench.spin.close();
  });

  it("[G10] finds out when nothing is planned any more, and goes on with its period", async () => {
    const bench = engineBench();
    let beats = 0;
    bench.spin.task("beat", { periodicity: 1000 }, () => {
      beats += 1;
    });
    await startWorkers(bench);
    await bench.runtime.advance(2500);
    await bench.broker.flush();
    beats = 0;
    await bench.runtime.advance(5000);
    assert.ok(beats >= 3, `${beats} in 5 s`);
    await bench.spin.close();
  });
});

describe("upkeep that fails", () => {
  it("[G12] a register() that hangs delays no fetch once the tasks are registered, nor does a tick()", async () => {
    const bench = engineBench();
    let ends = 0;
    bench.spin.task("beat", { periodicity: 10_000 }, () => undefined);
    bench.spin.task("count", () => {
      ends += 1;
    });
    await startWorkers(bench);
    await bench.runtime.advance(10);
    for (const [call, ms] of [
      ["tick", 10_000],
      ["register", 120_000],
    ] as const) {
      bench.broker.failNext(call, "hang");
      const before = bench.broker.calls[call];
      await bench.runtime.advance(ms);
      assert.equal(bench.broker.calls[call], before + 1, `${call}() is under way`);
      ends = 0;
      await bench.spin.schedule("count");
      await bench.runtime.advance(1);
      assert.equal(ends, 1, `beside ${call}()`);
    }
    await bench.spin.close();
  });

  it("[G10] [G12] a register() that fails for ever does not keep due jobs from being promoted", async () => {
    const bench = engineBench();
    let ends = 0;
    bench.spin.task("count", () => {
      ends += 1;
    });
    await startWorkers(bench);
    await bench.runtime.advance(10);
    bench.broker.failNext("register", ...Array.from({ length: 500 }, () => "before" as const));
    await bench.runtime.advance(130_000);
    await bench.spin.scheduleAt("count", new Date(bench.runtime.clock.now() + 500));
    await bench.runtime.advance(550);
    assert.equal(ends, 1);
    await bench.spin.close();
  });
});
