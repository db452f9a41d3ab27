/** Who looks for a job, and what it costs those who do not get it. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { settled } from "../../../src/testing/fake-runtime.ts";
import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import { inspect } from "./inspector.ts";
import { ownRedis } from "./own-redis.ts";
import {
  ended,
  eachOnce,
  idle,
  logged,
  redisBench,
  type RedisBench,
  scheduleMany,
} from "./redis-bench.ts";
import { startRedis } from "./redis-server.ts";
import { startWorkerProcess } from "./worker-process.ts";

/** Long: what is tested here must not be the work of a rescue. */
const LEASE_MS = 600_000;

/** By then whoever was not woken has taken its second look, or was told that it need not. */
const SECOND_LOOKS_OVER_MS = 3000;

const redis = ownRedis();

/** Engines of one cluster, of which each has found the queue empty. @param task - what their task `hold` does */
async function idleCluster(
  count: number,
  { slots = 10, task = nothing }: { readonly slots?: number; readonly task?: () => unknown } = {},
): Promise<readonly RedisBench[]> {
  const first = redisBench(redis.url, { lease: LEASE_MS });
  const { namespace } = first;
  const others = Array.from({ length: count - 1 }, () =>
    redisBench(redis.url, { lease: LEASE_MS, namespace }),
  );
  for (const { spin } of [first, ...others]) {
    spin.task("hold", task);
    await spin.startWorkers({ workers: new AsyncWorkers({ number: slots }) });
  }
  await foundEmptyBy(namespace, count);
  // The reply that tells them so is on its way still: one that comes after it tells that it is there.
  for (const { broker } of [first, ...others]) await broker.isQueueEmpty("spinach");
  await settled();
  return [first, ...others];
}

function nothing(): void {
  // A task without an effect.
}

async function foundEmptyBy(namespace: string, count: number): Promise<void> {
  const idleKey = `${namespace}/_idle-brokers-of-spinach`;
  while ((await redis.inspector.call("SCARD", idleKey)) !== count);
}

/** Ids of the brokers that found the queue empty. */
async function idleIds(namespace: string): Promise<readonly string[]> {
  const ids = await redis.inspector.call("SMEMBERS", `${namespace}/_idle-brokers-of-spinach`);
  assert.ok(Array.isArray(ids));
  return ids.map(String);
}

/** Whom a message names. */
function namedIn(message: string): readonly string[] {
  return message.split("\n")[1]?.split(",") ?? [];
}

describe("wake-ups on Redis", () => {
  test("a lone job on a cluster of idle workers costs one fetch at once, and a second look later", async () => {
    // Redis knows the scripts from then on.
    await using warm = redisBench(redis.url);
    await warm.spin.schedule("count", 0);
    const cluster = await idleCluster(12);
    const [first] = cluster;
    assert.ok(first);
    await redis.inspector.resetCounts();
    const done = Promise.race(cluster.map((it) => ended(it, 1)));
    await first.spin.schedule("count", 1);
    await done;
    await idle(redis.inspector, first.namespace);
    assert.equal((await redis.inspector.commandCounts())["lpop"], 1);
    await sleep(SECOND_LOOKS_OVER_MS);
    const { lpop = 0 } = await redis.inspector.commandCounts();
    // Of eleven, those that look in the moment that the first one takes.
    assert.ok(lpop >= 2 && lpop <= 5, `${lpop} fetches`);
    for (const { spin } of cluster) await spin.close();
  });

  test("a process that stands idle runs its own job, and nobody is woken for it", async () => {
    const [first, other] = await idleCluster(2);
    assert.ok(first && other);
    const look = await inspect(redis.url);
    const messages = await look.messages(`${first.namespace}/_notifications`);
    for (let index = 0; index < 10; index += 1) {
      const done = ended(first, 1);
      await first.spin.schedule("count", index);
      await done;
      // Only then does it stand idle again.
      await idle(redis.inspector, first.namespace);
      await settled();
    }
    assert.equal(first.runs.size, 10);
    const own = messages.filter((message) => !message.endsWith("\nclear"));
    assert.deepEqual(new Set(own), new Set([`spinach\n\n${first.broker.id}`]));
    look.close();
    for (const { spin } of [first, other]) await spin.close();
  });

  test("a process that has a job in hand leaves the next one to others as well", async () => {
    const hold = Promise.withResolvers<void>();
    const cluster = await idleCluster(2, { task: () => hold.promise });
    const started = cluster.map(async (it) => {
      await new Promise((resolve) => {
        it.spin.on("jobStarted", resolve);
      });
      return it;
    });
    await cluster[0]?.spin.schedule("hold");
    const busy = await Promise.race(started);
    const look = await inspect(redis.url);
    const messages = await look.messages(`${busy.namespace}/_notifications`);
    const done = Promise.race(cluster.map((it) => ended(it, 1)));
    await busy.spin.schedule("count", 1);
    await done;
    while (messages.length === 0) await settled();
    assert.match(messages[0] ?? "", /^spinach\n[0-9a-f\-]{36}$/v);
    hold.resolve();
    look.close();
    for (const { spin } of cluster) await spin.close();
  });

  test("of a batch, a process that stands idle wakes others for all but one job", async () => {
    const [first, ...others] = await idleCluster(3);
    assert.ok(first);
    const look = await inspect(redis.url);
    const messages = await look.messages(`${first.namespace}/_notifications`);
    await scheduleMany(first, 2);
    while (messages.length === 0) await settled();
    const [, woken, looker] = messages[0]?.split("\n") ?? [];
    assert.equal(looker, first.broker.id);
    assert.ok(others.some(({ broker }) => broker.id === woken));
    look.close();
    for (const { spin } of [first, ...others]) await spin.close();
  });

  test("a lone job of an idle process starts where Redis has forgotten the scripts", async () => {
    await using it = redisBench(redis.url);
    await it.spin.startWorkers({ workers: new AsyncWorkers() });
    await foundEmptyBy(it.namespace, 1);
    await settled();
    await redis.inspector.call("SCRIPT", "FLUSH");
    const done = ended(it, 1);
    await it.spin.schedule("count", 1);
    // Nobody else would look before a minute is over.
    await done;
  });

  test("a process whose jobs are on their way leaves the next one to others as well", async () => {
    const hold = Promise.withResolvers<void>();
    const [first, other] = await idleCluster(2, { slots: 1, task: () => hold.promise });
    assert.ok(first && other);
    const look = await inspect(redis.url);
    const messages = await look.messages(`${first.namespace}/_notifications`);
    const calls = [first.spin.schedule("hold")];
    // The first trip is under way now, and the fetch behind it.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    calls.push(first.spin.schedule("hold"));
    await Promise.all(calls);
    while (messages.length < 2) await settled();
    assert.deepEqual(messages.map(namedIn), [[""], [other.broker.id]]);
    hold.resolve();
    look.close();
    for (const { spin } of [first, other]) await spin.close();
  });

  test("a schedule() that is tried again says anew who looks for its job", async () => {
    const [first, other] = await idleCluster(2);
    assert.ok(first && other);
    const look = await inspect(redis.url);
    const messages = await look.messages(`${first.namespace}/_notifications`);
    await redis.inspector.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    await logged(first, "the connection to Redis is lost");
    const done = ended(other, 1);
    const call = first.spin.schedule("count", 1);
    // In the first attempt it stood idle.
    await Promise.resolve();
    const stopped = first.spin.stopWorkers();
    await call;
    while (messages.length === 0) await settled();
    const [message = ""] = messages;
    assert.equal(message.split("\n").length, 2, `"${message}" says that a process looks by itself`);
    await Promise.all([done, stopped]);
    look.close();
    for (const { spin } of [first, other]) await spin.close();
  });

  test("a job whose own process died before it looked is soon run by another", async () => {
    await using producer = redisBench(redis.url);
    await producer.spin.schedule("count", 1);
    const wire = await redis.inspector.call("LPOP", `${producer.namespace}/spinach`);
    const [it] = await idleCluster(1);
    assert.ok(it);
    const done = ended(it, 1);
    // What the script leaves.
    await redis.inspector.call("RPUSH", `${it.namespace}/spinach`, String(wire));
    const dead = randomUUID();
    await redis.inspector.call("PUBLISH", `${it.namespace}/_notifications`, `spinach\n\n${dead}`);
    await done;
    await it.spin.close();
  });

  test("workers that stopped, and are woken, leave their jobs to others", async () => {
    const cluster = await idleCluster(4);
    const [first, ...others] = cluster;
    assert.ok(first);
    await using producer = redisBench(redis.url, { namespace: first.namespace });
    for (const { spin } of others) await spin.stopWorkers();
    const done = ended(first, 4);
    for (let index = 0; index < 4; index += 1) await producer.spin.schedule("count", index);
    await done;
    eachOnce(first, 4);
    for (const { spin } of cluster) await spin.close();
  });

  for (const signal of ["SIGKILL", "SIGSTOP"] as const) {
    test(`a job that an idle process was woken for, after a ${signal}, is soon run by another`, async () => {
      await using it = redisBench(redis.url, { lease: LEASE_MS });
      const { namespace } = it;
      await using producer = redisBench(redis.url, { namespace });
      const { url } = redis;
      const child = await startWorkerProcess({
        url,
        namespace,
        behaviour: "hang",
        options: { lease: LEASE_MS },
      });
      await foundEmptyBy(namespace, 1);
      const [childId = ""] = await idleIds(namespace);
      child.kill(signal);
      await it.spin.startWorkers({ workers: new AsyncWorkers() });
      await foundEmptyBy(namespace, 2);
      const look = await inspect(url);
      const messages = await look.messages(`${namespace}/_notifications`);
      let count = 0;
      do {
        const done = ended(it, 1);
        count += 1;
        await producer.spin.schedule("count", count);
        // Whoever was woken: here it runs.
        await done;
        await idle(redis.inspector, namespace);
        while (!(await idleIds(namespace)).includes(it.broker.id)) await settled();
      } while (!messages.some((message) => namedIn(message).includes(childId)));
      eachOnce(it, count);
      look.close();
      child.kill("SIGKILL");
      await child.exited;
    });
  }

  test("an idle worker process costs Redis at most one command in two seconds", async (t) => {
    const own = await startRedis();
    const look = await inspect(own.url);
    const it = redisBench(own.url);
    it.spin.task("often", { periodicity: 86_400_000, maxConcurrency: 1 }, () => undefined);
    await it.spin.startWorkers({ workers: new AsyncWorkers() });
    while ((await look.call("SCARD", `${it.namespace}/_idle-brokers-of-spinach`)) !== 1);
    // The first heartbeat after a start comes soon, to make sure that no job is held.
    await sleep(4000);
    await look.resetCounts();
    await sleep(16_000);
    const counts = await look.commandCounts();
    const total = Object.values(counts).reduce((sum, calls) => sum + calls, 0);
    t.diagnostic(JSON.stringify(counts));
    assert.ok(total <= 8, `${total} commands in 16 s`);
    look.close();
    await it.spin.close();
    await own.stop();
  });
});
