import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";

import { RedisBroker } from "../../../src/brokers/redis/redis-broker.ts";
import { RedisKeys } from "../../../src/brokers/redis/redis-keys.ts";
import { systemRuntime } from "../../../src/platform/runtime.ts";
import { type Inspector, inspect } from "./inspector.ts";
import { startRedis } from "./redis-server.ts";

const JOBS = 3000;
const limit = { timeout: 60_000 };

function job(index: number, queue = `user ${index}`, argument = ""): string {
  const id = String(index).padStart(36, "0");
  return (
    `{"id":"${id}","status":1,"task_name":"task","queue":"${queue}",` +
    `"max_retries":0,"retries":0,"at":1,"at_us":0,"task_args":["${argument}"],"task_kwargs":{}}`
  );
}

/** A broker on a server of its own. */
async function makeBroker(
  t: TestContext,
  namespace: string,
): Promise<{ broker: RedisBroker; look: Inspector; keys: RedisKeys }> {
  const redis = await startRedis();
  t.after(() => redis.stop());
  const look = await inspect(redis.url);
  t.after(() => {
    look.close();
  });
  const broker = new RedisBroker(redis.url);
  broker.bind({ namespace, runtime: systemRuntime() });
  await broker.start();
  t.after(() => broker.stop());
  return { broker, look, keys: new RedisKeys(namespace) };
}

test(
  "[G9] due jobs of as many queues cost a few trips a thousand, not one each",
  limit,
  async (t) => {
    const { broker, look, keys } = await makeBroker(t, "users");
    const jobs = Array.from({ length: JOBS }, (_, index) => ["1", job(index)]);
    await look.call("ZADD", keys.fixed.future, ...jobs.flat());
    await look.resetCounts();
    for (let due: number | undefined = 0; due === 0; { nextDueMs: due } = await broker.tick());
    const { evalsha: trips = 0 } = await look.commandCounts();
    assert.ok(trips <= 12, `${trips} trips`);
    assert.equal(await look.call("ZCARD", keys.fixed.future), 0);
    assert.equal(await look.call("LLEN", keys.queue("user 2999")), 1);
  },
);

test(
  "[G9] a tick moves at most 1 MiB of due jobs, or one, and reads few more; the next one goes on",
  limit,
  async (t) => {
    const { broker, look, keys } = await makeBroker(t, "large");
    const queue = keys.queue("q");
    const { future } = keys.fixed;
    await look.call("ZADD", future, "1", job(0, "q"));
    // From here on its queue is known.
    await broker.tick();
    const text = "x".repeat(100_000);
    await look.call("ZADD", future, "1", job(1, "q", "x".repeat(2_000_000)));
    const moves = async (count: number): Promise<void> => {
      await look.resetCounts();
      const { nextDueMs } = await broker.tick();
      assert.equal(await look.call("LLEN", queue), count);
      const left = Number(await look.call("ZCARD", future));
      assert.equal(nextDueMs === 0, left > 0, "it says that more are due");
      const { zrangebyscore = 0 } = await look.commandCounts();
      // Of the future jobs, of periodic tasks (3), and of what is at no time.
      assert.ok(zrangebyscore <= 5, `${zrangebyscore} reads`);
    };
    for (let index = 2; index < 32; index += 1) {
      await look.call("ZADD", future, "2", job(index, "q", text));
    }
    for (const count of [2, 12, 22, 32]) await moves(count);
    assert.equal(await look.call("LINDEX", queue, "31"), job(31, "q", text), "in their order");
  },
);

test("[G9] a tick moves 1,000 small jobs", limit, async (t) => {
  const { broker, look, keys } = await makeBroker(t, "small");
  const jobs = Array.from({ length: 1500 }, (_, index) => ["1", job(index, "q")]);
  await look.call("ZADD", keys.fixed.future, ...jobs.flat());
  await broker.tick();
  assert.equal(await look.call("LLEN", keys.queue("q")), 1000);
  await broker.tick();
  assert.equal(await look.call("LLEN", keys.queue("q")), 1500);
});
