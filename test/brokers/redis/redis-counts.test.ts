/** What Redis has to do for a job, counted exactly. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { until } from "../../../src/testing/waits.ts";
import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import { plain, startBroker } from "./broker-bench.ts";
import { engineBench, scheduleNumbers, taskOf } from "./engine-bench.ts";
import { ownRedis } from "./own-redis.ts";

/** Most memory of a queued job, in bytes: that of its text, and of its place in the list. */
const MOST_BYTES_PER_JOB = 215;

/** No heartbeat comes while a test counts, in ms. */
const LONG_LEASE_MS = 600_000;

const redis = ownRedis();

async function usedMemory(): Promise<number> {
  const info = String(await redis.inspector.call("INFO", "memory"));
  return Number(/used_memory:(?<bytes>\d+)/v.exec(info)?.groups?.["bytes"]);
}

describe("trips to Redis", () => {
  for (const jobs of [10, 256]) {
    test(`one that settles and takes ${jobs} jobs is 1 EVALSHA with 1 LPOP, 1 HSET and 1 HDEL`, async () => {
      await using broker = await startBroker(redis.url, `exchange-${jobs}`);
      await broker.fill(plain, 2 * jobs);
      const first = await broker.exchange([], jobs);
      await redis.inspector.resetCounts();
      const second = await broker.exchange(first.jobs, jobs);
      assert.equal(second.jobs.length, jobs);
      const { evalsha, lpop, hset, hdel } = await redis.inspector.commandCounts();
      assert.deepEqual({ evalsha, lpop, hset, hdel }, { evalsha: 1, lpop: 1, hset: 1, hdel: 1 });
    });
  }

  test("one where a task is limited, and no job waits, asks nothing of parked jobs and of times", async () => {
    await using broker = await startBroker(redis.url, "exchange-limited");
    await broker.fill(plain, 4);
    const first = await broker.exchange([], 2);
    await redis.inspector.resetCounts();
    await broker.exchange(first.jobs, 2);
    const { zscore, exists, hgetall, hkeys, hmget, ...rest } =
      await redis.inspector.commandCounts();
    // Of the limits: whether there are any, limits and counts, names of ours, of parked jobs, the tasks that end.
    assert.deepEqual(
      { zscore, exists, hgetall, hkeys, hmget },
      { zscore: 1, exists: 2, hgetall: 2, hkeys: 2, hmget: 1 },
    );
    const { time = 0, ...others } = rest;
    assert.deepEqual(others, { evalsha: 1, lpop: 1, hset: 1, hdel: 1 });
    assert.ok(time <= 1, `${time} TIME`);
  });

  test("1,000 no-op jobs at 256 coroutines cost 4 trips, and few more to begin and to end", async () => {
    await using bench = engineBench(redis.url, { namespace: "trips", lease: 600_000 });
    bench.openGate();
    await scheduleNumbers(bench, 0, 1000);
    await redis.inspector.resetCounts();
    const workers = new AsyncWorkers({ number: 256 });
    const running = await bench.spin.startWorkers({ workers, stopWhenQueueEmpty: true });
    await running.finished;
    assert.equal(bench.ended, 1000);
    const { evalsha = 0, lpop = 0, hset = 0, hdel = 0 } = await redis.inspector.commandCounts();
    const trips = Math.ceil(1000 / 256);
    // To begin: join, state the tasks (2), tick; to end: the last outcomes, is the queue empty; 2 to spare.
    assert.ok(evalsha <= trips + 8, `${evalsha} trips`);
    assert.ok(lpop <= trips + 2, `${lpop} fetches`);
    // One more of each is the heartbeat's; stating the two tasks for the first time takes 3 HSET and 6 HDEL.
    assert.ok(hset <= trips + 6, `${hset} HSET`);
    assert.ok(hdel <= trips + 9, `${hdel} HDEL`);
  });

  test("[G2] 500 schedule() calls of one turn share 1 trip; a producer leaves 1 key, whatever it does", async () => {
    const namespace = "producer";
    await using bench = engineBench(redis.url, { namespace });
    await bench.spin.schedule(taskOf(0), 0);
    await redis.inspector.resetCounts();
    const calls = Array.from({ length: 500 }, (_, index) =>
      bench.spin.schedule(taskOf(index), index),
    );
    await Promise.all(calls);
    const { evalsha, rpush, set } = await redis.inspector.commandCounts();
    assert.deepEqual({ evalsha, rpush, set }, { evalsha: 1, rpush: 1, set: 1 });
    for (let index = 0; index < 50; index += 1) await bench.spin.schedule(taskOf(index), index);
    await scheduleNumbers(bench, 0, 500);
    const keys = await redis.inspector.keys(namespace);
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
    const list = Number(await redis.inspector.call("MEMORY", "USAGE", key, "SAMPLES", "0")) / jobs;
    t.diagnostic(`${used.toFixed(1)} bytes of used_memory, ${list.toFixed(1)} of the list`);
    assert.ok(list <= MOST_BYTES_PER_JOB, `${list} bytes of the list`);
  });
});

/** Bytes a job that this side sends and receives while something is done. */
async function bytesOf(
  jobs: number,
  act: () => Promise<unknown>,
): Promise<{ readonly sent: number; readonly received: number }> {
  const first = await redis.inspector.traffic();
  const begin = await redis.inspector.traffic();
  await act();
  const end = await redis.inspector.traffic();
  // Looking is traffic too, the same each time.
  const since = (name: "sent" | "received"): number =>
    (end[name] - begin[name] - (begin[name] - first[name])) / jobs;
  return { sent: since("sent"), received: since("received") };
}

describe("bytes on the way to Redis and back", () => {
  test("a batch of 1,000 costs the texts of its jobs, and at most 20 bytes a job beside them", async () => {
    const jobs = 1000;
    await using bench = engineBench(redis.url, { namespace: "bytes-batch", lease: LONG_LEASE_MS });
    await scheduleNumbers(bench, 0, 1);
    const key = "bytes-batch/spinach";
    const earlier = await textBytes(key);
    const { sent, received } = await bytesOf(jobs, async () =>
      scheduleNumbers(bench, jobs, 2 * jobs),
    );
    const text = ((await textBytes(key)) - earlier) / jobs;
    assert.ok(sent <= text + 20, `${sent} bytes sent a job, of which ${text} are its text`);
    assert.ok(received <= 1, `${received} bytes received a job`);
  });

  test("a trip of 256 costs 40 bytes a job to settle it, and its text and 10 bytes to take it", async () => {
    const jobs = 256;
    await using broker = await startBroker(redis.url, "bytes-trip");
    await broker.fill(plain, 2 * jobs);
    const text = (await textBytes("bytes-trip/spinach")) / (2 * jobs);
    const first = await broker.exchange([], jobs);
    const { sent, received } = await bytesOf(jobs, async () => broker.exchange(first.jobs, jobs));
    assert.ok(sent <= 40, `${sent} bytes sent a job`);
    assert.ok(
      received <= text + 10,
      `${received} bytes received a job, of which ${text} are its text`,
    );
  });

  test("a lone schedule() is 1 request of 6 commands, and at most 580 bytes", async () => {
    await using bench = engineBench(redis.url, { namespace: "bytes-lone", lease: LONG_LEASE_MS });
    await scheduleNumbers(bench, 0, 1);
    const act = async (): Promise<unknown> => bench.spin.schedule(taskOf(0), 1000);
    const { sent, received } = await bytesOf(1, act);
    assert.ok(sent <= 580, `${sent} bytes sent`);
    assert.ok(received <= 10, `${received} bytes received`);
    await redis.inspector.resetCounts();
    await act();
    assert.deepEqual(await redis.inspector.commandCounts(), {
      evalsha: 1,
      get: 1,
      set: 1,
      rpush: 1,
      spop: 1,
      publish: 1,
    });
  });
});

/** Of the jobs in a queue, without what Redis adds. */
async function textBytes(key: string): Promise<number> {
  const texts = await redis.inspector.call("LRANGE", key, "0", "-1");
  assert.ok(Array.isArray(texts));
  return texts.reduce((sum: number, text) => sum + Buffer.byteLength(String(text)), 0);
}
