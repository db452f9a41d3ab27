/** Jobs of one date come in the order of their arrival; numbers cross Lua as they are; the quarantine has a bound. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { boundQuarantine } from "../../../src/brokers/redis/lua-scripts.ts";
import { QuarantineLog } from "../../../src/brokers/redis/quarantine-log.ts";
import { quarantineCountsKey, RedisKeys } from "../../../src/brokers/redis/redis-keys.ts";
import { Batch } from "../../../src/core/batch.ts";
import { FakeRuntime } from "../../../src/testing/fake-runtime.ts";
import { RecordingLogger } from "../../../src/testing/recording-logger.ts";
import { until } from "../../../src/testing/waits.ts";
import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import { ownRedis } from "./own-redis.ts";
import { ended, redisBench } from "./redis-bench.ts";

const limit = { timeout: 120_000 };
const redis = ownRedis();

describe("jobs of one date", limit, () => {
  test("start in the order of their arrival, more than a millisecond has places for", async () => {
    await using it = redisBench(redis.url);
    const jobs = 5000;
    const at = new Date(Date.now() + 4000);
    for (let first = 0; first < jobs; first += 500) {
      const batch = new Batch();
      for (let index = first; index < first + 500; index += 1) batch.scheduleAt("count", at, index);
      await it.spin.scheduleBatch(batch);
    }
    const done = ended(it, jobs);
    await it.spin.startWorkers({ workers: new AsyncWorkers({ number: 1 }) });
    await done;
    assert.deepEqual(
      [...it.runs.keys()],
      Array.from({ length: jobs }, (_, index) => index),
    );
  });

  test("start before those of the next millisecond, which came first", async () => {
    await using it = redisBench(redis.url);
    const at = Date.now() + 500;
    const indexes = Array.from({ length: 40 }, (_, index) => index);
    for (const index of indexes.toReversed()) {
      await it.spin.scheduleAt("count", new Date(at + index), index);
    }
    const done = ended(it, indexes.length);
    await it.spin.startWorkers({ workers: new AsyncWorkers({ number: 1 }) });
    await done;
    assert.deepEqual([...it.runs.keys()], indexes);
  });
});

describe("a periodic task", limit, () => {
  test("with the highest number of retries makes jobs that have that number", async () => {
    await using it = redisBench(redis.url);
    const task = `{"max_retries": ${Number.MAX_SAFE_INTEGER}, "name": "python", "periodicity": 60, "queue": "other"}`;
    await redis.inspector.call("HSET", `${it.namespace}/_periodic_tasks_hash`, "python", task);
    await redis.inspector.call("ZADD", `${it.namespace}/_periodic_tasks_queue`, "1", "python");
    await it.spin.startWorkers({ workers: new AsyncWorkers() });
    const made = async (): Promise<string> =>
      String(await redis.inspector.call("LRANGE", `${it.namespace}/other`, "0", "-1"));
    await until("its job is made", async () => (await made()) !== "");
    assert.match(await made(), /"max_retries":9007199254740991,/v);
  });
});

describe("the quarantine", limit, () => {
  test("keeps the newest 10,000, and counts what it drops", async () => {
    const quarantine = "bounded/_quarantine";
    for (let first = 0; first < 10_100; first += 100) {
      const entries = Array.from({ length: 100 }, (_, index) => String(first + index));
      await redis.inspector.call("RPUSH", quarantine, ...entries);
    }
    const keys = { quarantine, quarantineCounts: `${quarantine}-counts` };
    const { script, keys: names, args } = boundQuarantine(keys, { entries: 100, bytes: 500 });
    const reply = await redis.inspector.call("EVAL", script.text, "2", ...names, ...args);
    assert.equal(reply, 100);
    assert.equal(await redis.inspector.call("LLEN", quarantine), 10_000);
    assert.equal(await redis.inspector.call("LINDEX", quarantine, "0"), "100");
    assert.equal(await redis.inspector.call("HGET", keys.quarantineCounts, "dropped"), "100");
  });

  test("drops at most 1,000 a call, and goes on until it is within its bounds", async () => {
    await using it = redisBench(redis.url);
    const { quarantine } = new RedisKeys(it.namespace).fixed;
    const entries = Array.from({ length: 12_500 }, (_, index) => String(index));
    await redis.inspector.call("RPUSH", quarantine, ...entries);
    const keys = { quarantine, quarantineCounts: quarantineCountsKey(quarantine) };
    const { script, keys: names, args } = boundQuarantine(keys, { entries: 0, bytes: 0 });
    const reply = await redis.inspector.call("EVAL", script.text, "2", ...names, ...args);
    assert.equal(reply, 1000);
    await redis.inspector.call("RPUSH", `${it.namespace}/spinach`, "nothing");
    await it.spin.startWorkers({ workers: new AsyncWorkers() });
    await until("it is within its bounds", async () => {
      return (await redis.inspector.call("LLEN", quarantine)) === 10_000;
    });
    assert.equal(await redis.inspector.call("LINDEX", quarantine, "0"), "2501");
  });

  test("QuarantineLog tells the first entries one by one, and of 100,000 how many", () => {
    const logger = new RecordingLogger();
    const log = new QuarantineLog({ clock: new FakeRuntime().clock, logger }, "q");
    for (let index = 0; index < 100_000; index += 1) log.tell({}, "set aside a job");
    assert.ok(logger.lines.length < 25, `${logger.lines.length} lines`);
    assert.equal(logger.lines.filter(({ message }) => message === "set aside a job").length, 5);
    assert.match(logger.lines.at(-1)?.message ?? "", /set aside \d{5} entries/v);
  });
});
