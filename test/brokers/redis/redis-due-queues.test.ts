import assert from "node:assert/strict";
import { test } from "node:test";

import { RedisBroker } from "../../../src/brokers/redis/redis-broker.ts";
import { RedisKeys } from "../../../src/brokers/redis/redis-keys.ts";
import { systemRuntime } from "../../../src/platform/runtime.ts";
import { inspect } from "./inspector.ts";
import { startRedis } from "./redis-server.ts";

const JOBS = 3000;

function job(index: number): string {
  const id = String(index).padStart(36, "0");
  return (
    `{"id":"${id}","status":1,"task_name":"task","queue":"user ${index}",` +
    `"max_retries":0,"retries":0,"at":1,"at_us":0,"task_args":[],"task_kwargs":{}}`
  );
}

test("[G9] due jobs of as many queues cost a few trips a thousand, not one each", async (t) => {
  const redis = await startRedis();
  t.after(() => redis.stop());
  const look = await inspect(redis.url);
  t.after(() => {
    look.close();
  });
  const keys = new RedisKeys("users");
  const jobs = Array.from({ length: JOBS }, (_, index) => ["1", job(index)]);
  await look.call("ZADD", keys.fixed.future, ...jobs.flat());
  const broker = new RedisBroker(redis.url);
  broker.bind({ namespace: "users", runtime: systemRuntime() });
  await broker.start();
  t.after(() => broker.stop());
  await look.resetCounts();
  for (let due: number | undefined = 0; due === 0; { nextDueMs: due } = await broker.tick());
  const { evalsha: trips = 0 } = await look.commandCounts();
  assert.ok(trips <= 12, `${trips} trips`);
  assert.equal(await look.call("ZCARD", keys.fixed.future), 0);
  assert.equal(await look.call("LLEN", keys.queue("user 2999")), 1);
});
