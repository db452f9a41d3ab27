import assert from "node:assert/strict";
import { test } from "node:test";

import { MemoryBroker } from "../../src/brokers/memory/memory-broker.ts";
import { Engine } from "../../src/engine/engine.ts";
import { FakeRuntime } from "../../src/testing/fake-runtime.ts";
import { AsyncWorkers } from "../../src/workers/async-workers.ts";

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
