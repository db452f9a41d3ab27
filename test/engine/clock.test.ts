import assert from "node:assert/strict";
import { test } from "node:test";

import { MemoryBroker } from "../../src/brokers/memory/memory-broker.ts";
import { Engine } from "../../src/engine/engine.ts";
import { FakeRuntime } from "../../src/testing/fake-runtime.ts";
import { AsyncWorkers } from "../../src/workers/async-workers.ts";
import { engineBench, startWorkers } from "./engine-bench.ts";

test("[G10] a periodic task runs on when the clock is set back by a day, also in a process that is busy", async () => {
  const runtime = new FakeRuntime();
  const spin = new Engine(new MemoryBroker(), { runtime });
  let runs = 0;
  spin.task("each minute", { periodicity: 60_000 }, () => {
    runs += 1;
  });
  const work = spin.task("work", () => undefined);
  await spin.startWorkers({ workers: new AsyncWorkers() });
  await runtime.advance(90_000);
  assert.equal(runs, 1);
  runtime.jump(-86_400_000);
  for (let second = 0; second < 300; second += 1) {
    await spin.schedule(work);
    await runtime.advance(1000);
  }
  assert.ok(runs >= 4, `it ran ${runs - 1} times in five minutes`);
  await spin.close();
  assert.equal(runtime.pendingTimers, 0);
});

test("[G10] what is planned is looked at each minute, however far away the next of it is", async () => {
  const bench = engineBench();
  const { spin, broker, runtime } = bench;
  const work = spin.task("work", () => undefined);
  await spin.scheduleAt(work, new Date(runtime.clock.now() + 86_400_000));
  await startWorkers(bench);
  await runtime.advance(1000);
  const before = broker.calls.tick;
  // Each trip says when it is due, and must not put the look off.
  for (let second = 0; second < 300; second += 1) {
    await spin.schedule(work);
    await runtime.advance(1000);
  }
  const ticks = broker.calls.tick - before;
  assert.ok(ticks >= 4 && ticks <= 6, `${ticks} times in five minutes`);
  await spin.close();
});
