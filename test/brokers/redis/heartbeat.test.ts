/** When a broker says that it is alive, and when its silence counts as its death. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";

import type { HeartbeatListener } from "../../../src/brokers/heartbeat/heartbeat-protocol.ts";
import { RedisConnection } from "../../../src/brokers/redis/connection.ts";
import { Heartbeat } from "../../../src/brokers/redis/heartbeat.ts";
import { RedisKeys } from "../../../src/brokers/redis/redis-keys.ts";
import { redisTarget } from "../../../src/brokers/redis/redis-target.ts";
import { array } from "../../../src/brokers/redis/replies.ts";
import { rescueJobs } from "../../../src/brokers/redis/rescue.ts";
import { systemRuntime } from "../../../src/platform/runtime.ts";
import { FakeRuntime } from "../../../src/testing/fake-runtime.ts";
import { until } from "../../../src/testing/waits.ts";
import { makeJob } from "../../core/make-job.ts";
import { startRedis } from "./redis-server.ts";

const LEASE_MS = 100_000;

/** A heartbeat on a server of its own, whose time passes when it is told to. */
async function makeHeart(t: TestContext): Promise<Heart> {
  const redis = await startRedis();
  t.after(() => redis.stop());
  const runtime = new FakeRuntime();
  const keys = new RedisKeys("hearts");
  const connection = new RedisConnection({
    purpose: "heartbeat",
    target: redisTarget(redis.url),
    quarantine: keys.fixed.quarantine,
    runtime: systemRuntime(),
    callTimeoutMs: 5000,
  });
  await connection.open();
  t.after(() => {
    connection.close();
  });
  const rescued: string[] = [];
  const heart = {
    runtime,
    keys,
    connection,
    rescued,
    beats: 0,
    isTaking: false,
    mayFail: false,
    failures: 0,
  };
  const listener: HeartbeatListener = {
    lost: (brokerId) => assert.fail(`${brokerId} was lost`),
    rescued: (brokerId) => rescued.push(brokerId),
    failed: (error) => {
      if (!heart.mayFail) assert.fail(String(error));
      heart.failures += 1;
    },
    heard: () => {
      heart.beats += 1;
    },
    warned: (_, message) => assert.fail(message),
    connected: () => undefined,
    disconnected: () => undefined,
  };
  const heartbeat = new Heartbeat({
    connection,
    keys,
    runtime,
    leaseMs: LEASE_MS,
    namespace: "hearts",
    hostName: "here",
    listener,
    isProcessAlive: () => true,
    timesTaken: () => 0,
    isTaking: () => heart.isTaking,
  });
  await heartbeat.join("watcher");
  return Object.assign(heart, { heartbeat });
}

interface Heart {
  readonly runtime: FakeRuntime;
  readonly keys: RedisKeys;
  readonly connection: RedisConnection;
  readonly heartbeat: Heartbeat;
  /** Whose jobs it has taken over. */
  readonly rescued: readonly string[];
  /** How many were heard. */
  readonly beats: number;
  /** Whether its process waits for a reply that may bring jobs. */
  isTaking: boolean;
  /** Whether calls are meant to fail. */
  mayFail: boolean;
  /** How many have failed. */
  readonly failures: number;
}

/** A broker of the cluster that was last seen long ago by the clock of Redis. */
async function addSilent({ connection, keys }: Heart, brokerId: string): Promise<void> {
  await connection.command(["ZADD", keys.fixed.brokers, "1", brokerId]);
  await connection.command(["HSET", keys.fixed.infos, brokerId, `{"lease_ms": ${LEASE_MS}}`]);
}

/** Lets time pass in steps; what the heartbeat asks meanwhile is answered in between. */
async function pass({ runtime, connection }: Heart, leases: number): Promise<void> {
  for (let left = leases; left > 0; left -= 0.1) {
    await runtime.advance(Math.min(left, 0.1) * LEASE_MS);
    // More turns than a sweep has calls, one after the other on this connection.
    for (let turns = 0; turns < 10; turns += 1) await connection.command(["PING"]);
  }
}

/** Lets the heartbeat use the keys of this pattern alone from now on. */
async function allowKeys({ connection }: Heart, pattern: string): Promise<void> {
  await connection.command(["ACL", "SETUSER", "default", "resetkeys", `~${pattern}`]);
}

test("[G7] a silent broker is looked at again when its lease ends, not at the next sweep", async (t) => {
  const { runtime, keys, connection, heartbeat, rescued } = await makeHeart(t);
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
});

test("[G6] beats come often while a call is under way that may take jobs, though none is held yet", async (t) => {
  const heart = await makeHeart(t);
  const { runtime, keys, connection, heartbeat } = heart;
  const beatsIn = async (expected: number): Promise<void> => {
    const before = heart.beats;
    await runtime.advance(LEASE_MS / 3 + 1);
    // What it asks comes before this, on the same connection.
    await connection.command(["PING"]);
    await until("they were heard", () => heart.beats >= before + expected);
    assert.equal(heart.beats, before + expected);
  };
  await beatsIn(0);
  heart.isTaking = true;
  await beatsIn(1);
  await beatsIn(1);
  await connection.command(["HSET", keys.running("watcher"), "id", "job"]);
  await beatsIn(1);
  heart.isTaking = false;
  await beatsIn(1);
  await connection.command(["DEL", keys.running("watcher")]);
  await beatsIn(1);
  await beatsIn(0);
  await heartbeat.leave();
});

test("[G7] one whose jobs cannot be taken over keeps no other waiting", async (t) => {
  const heart = await makeHeart(t);
  const { heartbeat, rescued } = heart;
  await addSilent(heart, "silent 1");
  await addSilent(heart, "silent 2");
  heart.mayFail = true;
  // All but those that end so: the running jobs of the first one.
  await allowKeys(heart, "*[^1]");
  await pass(heart, 1.5);
  assert.deepEqual([rescued, heart.failures > 0], [["silent 2"], true]);
  await allowKeys(heart, "*");
  await heartbeat.sweep();
  assert.deepEqual(rescued, ["silent 2", "silent 1"]);
  await heartbeat.leave();
});

test("[G8] one that was itself given up takes nobody's jobs over, and says so", async (t) => {
  const heart = await makeHeart(t);
  const { heartbeat, keys, connection, runtime } = heart;
  await addSilent(heart, "silent");
  const { job, wire } = makeJob({ maxRetries: 3 });
  await connection.command(["HSET", keys.running("silent"), job.id, wire]);
  await connection.command(["ZADD", keys.fixed.brokers, "0", "watcher"]);
  const nowMs = runtime.clock.now();
  await assert.rejects(
    rescueJobs({ connection, keys, brokerId: "watcher", deadId: "silent", nowMs }),
    /itself given up/v,
  );
  assert.equal(await connection.command(["HLEN", keys.running("silent")]), 1);
  assert.equal(await connection.command(["LLEN", keys.queue("spinach")]), 0);
  await heartbeat.leave();
});

test("[G7] after a time in which Redis refused to be asked, the silence in it counts for nobody", async (t) => {
  const heart = await makeHeart(t);
  const { heartbeat, rescued } = heart;
  await addSilent(heart, "silent");
  heart.mayFail = true;
  await allowKeys(heart, "nothing");
  await pass(heart, 3);
  assert.ok(heart.failures > 0);
  await allowKeys(heart, "*");
  await heartbeat.sweep();
  assert.deepEqual(rescued, []);
  await pass(heart, 1.5);
  assert.deepEqual(rescued, ["silent"]);
  await heartbeat.leave();
});

test("[G6] one without jobs keeps its lease where the clock of Redis is set back: it is far ahead then", async (t) => {
  const heart = await makeHeart(t);
  const { heartbeat, keys, connection } = heart;
  const { brokers } = keys.fixed;
  const redisS = async (): Promise<number> => Number(array(await connection.command(["TIME"]))[0]);
  // As it said of itself 15 minutes before, by the clock of then.
  const ahead = String((await redisS()) + 900 + 120);
  await connection.command(["ZADD", brokers, ahead, "idle"]);
  const beats = heart.beats;
  heart.isTaking = true;
  await heartbeat.beat();
  assert.equal(heart.beats, beats + 1);
  const left = Number(await connection.command(["ZSCORE", brokers, "idle"])) - (await redisS());
  // Until it says again that it is alive; and no longer, in case it is dead.
  assert.ok(left > 100 && left <= 121, `it counts as seen for ${left} s`);
  await heartbeat.leave();
});
