/** Who looks for a job, and what it costs those who do not get it. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { until } from "../../../src/testing/waits.ts";
import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import { plain, startBroker } from "./broker-bench.ts";
import { foundEmptyBy, idleCluster, LEASE_MS } from "./idle-cluster.ts";
import { inspect } from "./inspector.ts";
import { ownRedis } from "./own-redis.ts";
import { eachOnce, ended, idle, oneEnded, redisBench } from "./redis-bench.ts";
import { startRedis } from "./redis-server.ts";
import { startWorkerProcess } from "./worker-process.ts";

/** By then whoever was not woken has taken its second look, or was told that it need not. */
const SECOND_LOOKS_OVER_MS = 3000;

const redis = ownRedis();

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
    const cluster = await idleCluster(redis, 12);
    const { namespace } = cluster[0];
    await using producer = redisBench(redis.url, { namespace });
    await producer.broker.start();
    await redis.inspector.resetCounts();
    const done = oneEnded(cluster);
    await producer.spin.schedule("count", 1);
    await done;
    await idle(redis.inspector, namespace);
    assert.equal((await redis.inspector.commandCounts())["lpop"], 1);
    await sleep(SECOND_LOOKS_OVER_MS);
    const { lpop = 0 } = await redis.inspector.commandCounts();
    // Of eleven, those that look in the moment that the first one takes.
    assert.ok(lpop >= 2 && lpop <= 5, `${lpop} fetches`);
    for (const { spin } of cluster) await spin.close();
  });

  test("a job whose own process died before it looked is soon run by another", async () => {
    await using producer = redisBench(redis.url);
    await producer.spin.schedule("count", 1);
    const wire = await redis.inspector.call("LPOP", `${producer.namespace}/spinach`);
    const [it] = await idleCluster(redis, 1);
    const done = ended(it, 1);
    // What the script leaves where it could not take the job for who schedules it.
    await redis.inspector.call("RPUSH", `${it.namespace}/spinach`, String(wire));
    const dead = randomUUID();
    await redis.inspector.call("PUBLISH", `${it.namespace}/_notifications`, `spinach\n\n${dead}`);
    await done;
    await it.spin.close();
  });

  test("who puts a job back wakes another for it, not itself", async () => {
    const namespace = "put-back";
    await using one = await startBroker(redis.url, namespace);
    await using other = await startBroker(redis.url, namespace);
    const look = await inspect(redis.url);
    const messages = await look.messages(`${namespace}/_notifications`);
    for (let round = 0; round < 8; round += 1) {
      await one.fill(plain, 1);
      const { jobs } = await one.exchange([], 1);
      for (const broker of [one, other]) await broker.exchange([], 1);
      messages.length = 0;
      await one.release(jobs[0] ?? assert.fail("it has taken none"));
      await until("somebody is named", () => messages.length > 0);
      assert.deepEqual(messages.map(namedIn), [[other.id]]);
      assert.deepEqual(await idleIds(namespace), [one.id], "it is idle all the same");
      const again = await other.exchange([], 2);
      await other.exchange(again.jobs, 0);
    }
    look.close();
  });

  test("nobody is named that is no member any more, however many of them are left", async () => {
    const namespace = "left-behind";
    await using one = await startBroker(redis.url, namespace);
    await using other = await startBroker(redis.url, namespace);
    await other.exchange([], 1);
    const dead = Array.from({ length: 20 }, () => randomUUID());
    await redis.inspector.call("SADD", `${namespace}/_idle-brokers-of-spinach`, ...dead);
    const look = await inspect(redis.url);
    const messages = await look.messages(`${namespace}/_notifications`);
    await one.fill(plain, 1);
    await until("somebody is named", () => messages.length > 0);
    assert.deepEqual(messages.map(namedIn), [[other.id]]);
    look.close();
  });

  test("workers that stopped, and are woken, leave their jobs to others", async () => {
    const cluster = await idleCluster(redis, 4);
    const [first, ...others] = cluster;
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
      await foundEmptyBy(redis, namespace, 1);
      const [childId = ""] = await idleIds(namespace);
      child.kill(signal);
      await it.spin.startWorkers({ workers: new AsyncWorkers() });
      await foundEmptyBy(redis, namespace, 2);
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
        await until("it stands idle", async () => {
          return (await idleIds(namespace)).includes(it.broker.id);
        });
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
    await until("it stands idle", async () => {
      return (await look.call("SCARD", `${it.namespace}/_idle-brokers-of-spinach`)) === 1;
    });
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
