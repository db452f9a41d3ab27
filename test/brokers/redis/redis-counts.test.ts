/** What Redis has to do for a job, counted exactly. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import { plain, startBroker } from "./broker-bench.ts";
import { engineBench, scheduleNumbers, taskOf, until } from "./engine-bench.ts";
import { inspect, type Inspector } from "./inspector.ts";
import { startRedis, type TestRedis } from "./redis-server.ts";

/** Most memory of a queued job, in bytes: that of its text, and of its place in the list. */
const MOST_BYTES_PER_JOB = 215;

let redis: TestRedis;
let inspector: Inspector;

before(async () => {
  redis = await startRedis();
  inspector = await inspect(redis.url);
});
after(async () => {
  inspector.close();
  await redis.stop();
});

async function usedMemory(): Promise<number> {
  const info = String(await inspector.call("INFO", "memory"));
  return Number(/used_memory:(?<bytes>\d+)/v.exec(info)?.groups?.["bytes"]);
}

describe("trips to Redis", () => {
  for (const jobs of [10, 256]) {
    test(`one that settles and takes ${jobs} jobs is 1 EVALSHA with 1 LPOP, 1 HSET and 1 HDEL`, async () => {
      await using broker = await startBroker(redis.url, `exchange-${jobs}`);
      await broker.fill(plain, 2 * jobs);
      const first = await broker.exchange([], jobs);
      await inspector.resetCounts();
      const second = await broker.exchange(first.jobs, jobs);
      assert.equal(second.jobs.length, jobs);
      const { evalsha, lpop, hset, hdel } = await inspector.commandCounts();
      assert.deepEqual({ evalsha, lpop, hset, hdel }, { evalsha: 1, lpop: 1, hset: 1, hdel: 1 });
    });
  }

  test("1,000 no-op jobs at 256 coroutines cost 4 trips, and few more to begin and to end", async () => {
    await using bench = engineBench(redis.url, { namespace: "trips", lease: 600_000 });
    bench.openGate();
    await scheduleNumbers(bench, 0, 1000);
    await inspector.resetCounts();
    const workers = new AsyncWorkers({ number: 256 });
    const running = await bench.spin.startWorkers({ workers, stopWhenQueueEmpty: true });
    await running.finished;
    assert.equal(bench.ended, 1000);
    const { evalsha = 0, lpop = 0, hset = 0, hdel = 0 } = await inspector.commandCounts();
    const trips = Math.ceil(1000 / 256);
    // To begin: join, state the tasks (2), tick; to end: the last outcomes, is the queue empty; 2 to spare.
    assert.ok(evalsha <= trips + 8, `${evalsha} trips`);
    assert.ok(lpop <= trips + 2, `${lpop} fetches`);
    // One more of each is the heartbeat's; stating the two tasks takes 6 HDEL.
    assert.ok(hset <= trips + 3, `${hset} HSET`);
    assert.ok(hdel <= trips + 9, `${hdel} HDEL`);
  });

  test("[G2] 500 schedule() calls of one turn share 1 trip; a producer leaves 1 key, whatever it does", async () => {
    const namespace = "producer";
    await using bench = engineBench(redis.url, { namespace });
    await bench.spin.schedule(taskOf(0), 0);
    await inspector.resetCounts();
    const calls = Array.from({ length: 500 }, (_, index) =>
      bench.spin.schedule(taskOf(index), index),
    );
    await Promise.all(calls);
    const { evalsha, rpush, set } = await inspector.commandCounts();
    assert.deepEqual({ evalsha, rpush, set }, { evalsha: 1, rpush: 1, set: 1 });
    for (let index = 0; index < 50; index += 1) await bench.spin.schedule(taskOf(index), index);
    await scheduleNumbers(bench, 0, 500);
    const keys = await inspector.keys(namespace);
    assert.equal(keys.filter((key) => key.includes("/_producer-")).length, 1);
    assert.equal(keys.length, 2, "the queue, and the producer");
  });

  test(`a queued job takes at most ${MOST_BYTES_PER_JOB} bytes of Redis`, async (t) => {
    const jobs = 10_000;
    await using broker = await startBroker(redis.url, "memory");
    await broker.fill(plain, 1);
    const earlier = await usedMemory();
    await broker.fill(plain, jobs);
    let used = Infinity;
    // The buffer of the call is given back a little later.
    await until(`a job takes at most ${MOST_BYTES_PER_JOB} bytes`, async () => {
      used = ((await usedMemory()) - earlier) / jobs;
      return used <= MOST_BYTES_PER_JOB;
    });
    const key = "memory/spinach";
    const list = Number(await inspector.call("MEMORY", "USAGE", key, "SAMPLES", "0")) / jobs;
    t.diagnostic(`${used.toFixed(1)} bytes of used_memory, ${list.toFixed(1)} of the list`);
    assert.ok(list <= MOST_BYTES_PER_JOB, `${list} bytes of the list`);
  });
});
