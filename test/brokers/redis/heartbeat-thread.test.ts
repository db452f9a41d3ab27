import assert from "node:assert/strict";
import { test } from "node:test";

import type { HeartbeatThreadData } from "../../../src/brokers/heartbeat/heartbeat-protocol.ts";
import { HeartbeatThread } from "../../../src/brokers/heartbeat/heartbeat-thread.ts";
import type { RedisHeartbeatData } from "../../../src/brokers/redis/heartbeat-data.ts";
import { RedisKeys } from "../../../src/brokers/redis/redis-keys.ts";
import { redisTarget } from "../../../src/brokers/redis/redis-target.ts";
import { threadTarget } from "../../../src/brokers/redis/thread-target.ts";
import { systemRuntime } from "../../../src/platform/runtime.ts";
import { inspect } from "./inspector.ts";
import { startRedis } from "./redis-server.ts";

for (const [when, isReady] of [
  ["it joins answers both", true],
  ["its thread starts refuses to join", false],
] as const) {
  test(`[G15] a heartbeat that stops while ${when}, and leaves no broker behind`, async (t) => {
    const redis = await startRedis();
    t.after(() => redis.stop());
    const namespace = "stopped";
    const lost: string[] = [];
    const data: Omit<RedisHeartbeatData, keyof HeartbeatThreadData> &
      Omit<HeartbeatThreadData, "counts"> = {
      target: threadTarget(redisTarget(redis.url)).target,
      namespace,
      hostName: "here",
      leaseMs: 10_000,
      callTimeoutMs: 5000,
      blockedAfterMs: 5000,
      stuckAfterMs: 60_000,
      isMainThread: false,
    };
    const heartbeat = new HeartbeatThread({
      runtime: systemRuntime(),
      entry: new URL("../../../src/brokers/redis/heartbeat-entry.ts", import.meta.url),
      data,
      onLost: (brokerId) => lost.push(brokerId),
    });
    if (isReady) await heartbeat.ready();
    const [joining] = await Promise.allSettled([heartbeat.join("broker"), heartbeat.stop(20_000)]);
    assert.equal(joining.status, isReady ? "fulfilled" : "rejected");
    const look = await inspect(redis.url);
    t.after(() => {
      look.close();
    });
    assert.equal(await look.call("ZCARD", new RedisKeys(namespace).fixed.brokers), 0);
    assert.deepEqual(lost, []);
  });
}
