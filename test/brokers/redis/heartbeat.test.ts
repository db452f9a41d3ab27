/** When the silence of a broker counts as its death. */
import assert from "node:assert/strict";
import { test } from "node:test";

import type { HeartbeatListener } from "../../../src/brokers/heartbeat/heartbeat-protocol.ts";
import { RedisConnection } from "../../../src/brokers/redis/connection.ts";
import { Heartbeat } from "../../../src/brokers/redis/heartbeat.ts";
import { RedisKeys } from "../../../src/brokers/redis/redis-keys.ts";
import { redisTarget } from "../../../src/brokers/redis/redis-target.ts";
import { systemRuntime } from "../../../src/platform/runtime.ts";
import { FakeRuntime } from "../../../src/testing/fake-runtime.ts";
import { startRedis } from "./redis-server.ts";
import { until } from "./until.ts";

const LEASE_MS = 100_000;

test("[G7] a silent broker is looked at again when its lease ends, not at the next sweep", async (t) => {
  const redis = await startRedis();
  t.after(() => redis.stop());
  const runtime = new FakeRuntime();
  const keys = new RedisKeys("silent");
  const connection = new RedisConnection({
    purpose: "heartbeat",
    target: redisTarget(redis.url),
    quarantine: keys.fixed.quarantine,
    runtime: systemRuntime(),
    callTimeoutMs: 5000,
  });
  const rescued: string[] = [];
  const listener: HeartbeatListener = {
    lost: (brokerId) => assert.fail(`${brokerId} was lost`),
    rescued: (brokerId) => rescued.push(brokerId),
    failed: (error) => assert.fail(String(error)),
    heard: () => undefined,
    reconnected: () => undefined,
  };
  await connection.open();
  const heartbeat = new Heartbeat({
    connection,
    keys,
    runtime,
    leaseMs: LEASE_MS,
    namespace: "silent",
    hostName: "here",
    listener,
    isProcessAlive: () => true,
    timesTaken: () => 0,
  });
  await heartbeat.join("watcher");
  // Silent for long by the clock of Redis: what is left of its lease is what the watcher has not watched.
  await connection.command(["ZADD", keys.fixed.brokers, "1", "silent"]);
  await connection.command(["HSET", keys.fixed.infos, "silent", `{"lease_ms": ${LEASE_MS}}`]);
  const timers = runtime.pendingTimers;

  await runtime.advance(0.8 * LEASE_MS);
  await until("it is to be looked at again", () => runtime.pendingTimers > timers);
  assert.deepEqual(rescued, []);
  await runtime.advance(0.19 * LEASE_MS);
  await heartbeat.sweep();
  assert.deepEqual(rescued, [], "its lease has not ended");
  await until("it is to be looked at again", () => runtime.pendingTimers > timers);
  await runtime.advance(0.01 * LEASE_MS + 10);
  await until("it is taken for dead", () => rescued.length > 0);
  assert.deepEqual(rescued, ["silent"]);

  await heartbeat.leave();
  assert.equal(runtime.pendingTimers, 0);
  connection.close();
});
