/**
 * A primary behind sentinels that changes. What Redis had not replicated when its primary died is lost, and
 * is not promised: the tests wait for the replica before they break anything.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { createSentinel } from "@redis/client";

import { RedisBroker } from "../../../src/brokers/redis/redis-broker.ts";
import type { RedisSentinelOptions } from "../../../src/brokers/redis/redis-target.ts";
import { Batch } from "../../../src/core/batch.ts";
import { until } from "../../../src/testing/waits.ts";
import { type CountingEngine, countingEngine } from "./counting-engine.ts";
import { freePort } from "./redis-process.ts";
import { startSentinel, type TestSentinel } from "./redis-sentinel.ts";

/** A worker that nobody wakes looks after 60 s by itself: what takes less was a wake-up. */
const WOKEN_WITHIN_MS = 30_000;

/** Jobs of a test; the later ones wait in their task for what the test does to the primary. */
const JOBS = 60;
const HELD_FROM = 20;
const HELD = 5;

let redis: TestSentinel;
let namespaces = 0;

before(async () => {
  redis = await startSentinel(3);
});
after(() => redis.stop());

function engine(options: RedisSentinelOptions = throughAll()): CountingEngine {
  namespaces += 1;
  return countingEngine({ redis: options, namespace: `test-${namespaces}` });
}

function throughAll(): RedisSentinelOptions {
  return { name: redis.name, sentinelRootNodes: redis.sentinels };
}

/** Runs jobs up to the held ones, does something to the primary, and lets the jobs go on. */
async function runsThrough(it: CountingEngine, change: () => Promise<unknown>): Promise<void> {
  const released = Promise.withResolvers<void>();
  it.hold(HELD_FROM, released.promise);
  const batch = new Batch();
  for (let index = 0; index < JOBS; index += 1) batch.schedule("count", index);
  await it.spin.scheduleBatch(batch);
  await it.startWorkers();
  await it.ran("count", HELD_FROM + HELD);
  await redis.replicated();
  await change();
  released.resolve();
  await it.ran("count", JOBS);
}

/** The other connections may be lost in between, while a sentinel still names the old primary. */
async function lostAndBackOnce(it: CountingEngine, connection: string): Promise<void> {
  await until(`the connection for ${connection} is back`, () =>
    it.linesOf(connection, "is back").at(0),
  );
  const counts = ["is lost", "is back"].map((text) => it.linesOf(connection, text).length);
  assert.deepEqual(counts, [1, 1], connection);
}

/** A lone job for idle workers. */
async function wakes(it: CountingEngine, index: number): Promise<void> {
  const idle = `${it.namespace}/_idle-brokers-of-spinach`;
  await until("the worker is idle", async () => (await redis.call("SCARD", idle)) === 1);
  const scheduledMs = performance.now();
  await it.spin.schedule("count", index);
  await until("the job has run", () => it.runs.count.has(index));
  assert.ok(performance.now() - scheduledMs < WOKEN_WITHIN_MS);
}

describe("RedisBroker behind sentinels", () => {
  test("finds the primary when one of the sentinels answers", async () => {
    const dead = { host: "127.0.0.1", port: await freePort() };
    const sentinelRootNodes = [dead, ...redis.sentinels.slice(0, 1)];
    await using it = engine({ name: redis.name, sentinelRootNodes });
    await it.startWorkers();
    await it.spin.schedule("once", 1);
    await it.ran("once", 1);
  });

  test("asks sentinels and primary with credentials that are functions, in the heartbeat thread too", async () => {
    const asked = { sentinel: 0, node: 0 };
    // A user without a password takes any.
    const credentials = (of: keyof typeof asked) => ({
      username: () => "default",
      password: async () => {
        asked[of] += 1;
        return "any";
      },
    });
    await using it = engine({
      ...throughAll(),
      sentinelClientOptions: credentials("sentinel"),
      nodeClientOptions: credentials("node"),
    });
    await it.startWorkers();
    await it.spin.schedule("once", 1);
    await it.ran("once", 1);
    const connections = 3;
    assert.deepEqual(asked, { sentinel: connections * redis.sentinels.length, node: connections });
  });

  test("[G1] [G12] goes on by itself after a failover in the middle of its jobs", async () => {
    await using it = engine();
    await runsThrough(it, () => redis.failover());
    await wakes(it, JOBS);
    await lostAndBackOnce(it, "commands");
    await lostAndBackOnce(it, "notifications");
  });

  test("[G1] [G12] leaves a primary that was made a replica and kept its connections", async () => {
    await using it = engine();
    await runsThrough(it, () => redis.switchByHand());
    const [lost] = it.linesOf("commands", "is lost");
    assert.ok(lost !== undefined && "err" in lost.fields && lost.fields.err instanceof Error);
    assert.match(lost.fields.err.message, /READONLY/v);
    await wakes(it, JOBS);
    await lostAndBackOnce(it, "commands");
  });

  test("refuses a client of createSentinel, which does not tell its options", () => {
    const client = createSentinel({
      name: redis.name,
      sentinelRootNodes: redis.sentinels.map((address) => ({ ...address })),
    });
    assert.throws(() => new RedisBroker(client), {
      name: "TypeError",
      message: /options of this client cannot be read: pass those that it was made of/v,
    });
  });

  test("[G1] [G2] [G12] goes on by itself after its primary died in the middle of its jobs", async () => {
    await using it = engine();
    let scheduling: Promise<unknown> | undefined;
    await runsThrough(it, async () => {
      const killing = redis.killPrimary();
      await until("the connection is lost", () => it.linesOf("commands", "is lost").at(0));
      // In the middle of the outage.
      scheduling = it.spin.schedule("once", 1);
      await killing;
    });
    await scheduling;
    await it.ran("once", 1);
    await wakes(it, JOBS);
    await lostAndBackOnce(it, "commands");
    await lostAndBackOnce(it, "notifications");
  });
});
