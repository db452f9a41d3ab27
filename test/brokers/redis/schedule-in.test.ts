/** A delay counts by the clock of Redis, whatever that of the process shows. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { RedisBroker } from "../../../src/brokers/redis/redis-broker.ts";
import { Batch } from "../../../src/core/batch.ts";
import { Tasks } from "../../../src/core/tasks.ts";
import { Engine } from "../../../src/engine/engine.ts";
import { systemRuntime } from "../../../src/platform/runtime.ts";
import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import { eachRanOnce, engineBench } from "./engine-bench.ts";
import { ownRedis } from "./own-redis.ts";

const redis = ownRedis();

const DELAY_MS = 300;

/** An engine in a process whose clock is wrong. */
function engineOff(byMs: number, namespace: string): Engine {
  const runtime = systemRuntime();
  const { clock } = runtime;
  const wrong = { now: () => clock.now() + byMs, monotonic: () => clock.monotonic() };
  return new Engine(new RedisBroker(redis.url), {
    namespace,
    runtime: { ...runtime, clock: wrong },
  });
}

for (const [title, byMs] of [
  ["an hour ahead", 3_600_000],
  ["an hour behind", -3_600_000],
] as const) {
  test(`[G9] scheduleIn() in a process whose clock is ${title}: neither late nor early`, async () => {
    await using it = engineBench(redis.url, { namespace: title });
    await using other = engineOff(byMs, it.namespace);
    const tasks = new Tasks();
    const task = tasks.declare<[number]>("at most once");
    other.attachTasks(tasks);
    const startedMs = new Map<number, number>();
    it.spin.on("jobStarted", ({ job }) => {
      startedMs.set(Number(job.args[0]), performance.now());
    });
    it.openGate();
    const scheduledMs = performance.now();
    await other.scheduleIn(task, DELAY_MS, 0);
    await other.scheduleBatch(new Batch().scheduleIn(task, DELAY_MS, 1).schedule(task, 2));
    await it.spin.startWorkers({ workers: new AsyncWorkers() });
    await eachRanOnce(it, 3);
    for (const index of [0, 1]) {
      const waitedMs = (startedMs.get(index) ?? 0) - scheduledMs;
      assert.ok(waitedMs >= DELAY_MS, `job ${index} started after ${waitedMs} ms`);
    }
  });
}
