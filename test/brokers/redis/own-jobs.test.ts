/** Jobs that a process schedules while its own workers stand idle: the call that brings them to Redis takes them. */
import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { after, before, describe, test } from "node:test";

import { settled } from "../../../src/testing/fake-runtime.ts";
import { until, within } from "../../../src/testing/waits.ts";
import { foundEmptyBy, idleCluster } from "./idle-cluster.ts";
import { inspect, type Inspector } from "./inspector.ts";
import { ownRedis } from "./own-redis.ts";
import { eachOnce, ended, idle, logged, oneEnded, type RedisBench } from "./redis-bench.ts";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

const redis = ownRedis();
let look: Inspector;
let proxy: TcpProxy;

/** What is published from now on. */
async function messagesOf({ namespace }: RedisBench): Promise<readonly string[]> {
  return look.messages(`${namespace}/_notifications`);
}

/** Resolves when it has told Redis of all its jobs, knows that it has, and sleeps. */
async function standsIdle({ broker, namespace }: RedisBench): Promise<void> {
  await idle(redis.inspector, namespace);
  // Its reply comes after the one that says so.
  await broker.isQueueEmpty("spinach");
  // It may leave the event loop to others for a turn first.
  await settled();
  await settled();
}

/** What others' second looks publish does not count. */
function wakeUpsIn(messages: readonly string[]): readonly string[] {
  return messages.filter((message) => !message.endsWith("\nclear"));
}

async function close(cluster: readonly RedisBench[]): Promise<void> {
  for (const { spin } of cluster) await spin.close();
}

describe("jobs of an idle process's own", () => {
  before(async () => {
    look = await inspect(redis.url);
    proxy = await startTcpProxy(Number(new URL(redis.url).port));
  });
  after(async () => {
    look.close();
    await proxy.close();
  });

  test("each costs two scripts and nobody is woken for it", async () => {
    const cluster = await idleCluster(redis, 2);
    const [first] = cluster;
    const warm = ended(first, 1);
    await first.spin.schedule("count", 10);
    await warm;
    await standsIdle(first);
    const messages = await messagesOf(first);
    await redis.inspector.resetCounts();
    for (let index = 0; index < 10; index += 1) {
      const done = ended(first, 1);
      await first.spin.schedule("count", index);
      await done;
      await standsIdle(first);
    }
    const counts = await redis.inspector.commandCounts();
    const { evalsha = 0, zrem: heartbeats = 0, set, hset, hdel, lpop, rpush, publish } = counts;
    assert.deepEqual(
      { scripts: evalsha - heartbeats, set, hset, hdel, lpop, rpush, publish },
      {
        // The third one is that of the wait.
        scripts: 30,
        set: 10,
        hset: 10,
        hdel: 10,
        lpop: undefined,
        rpush: undefined,
        publish: undefined,
      },
    );
    eachOnce(first, 11);
    assert.deepEqual(messages, []);
    await close(cluster);
  });

  test("a process that has a job in hand leaves the next one to others as well", async () => {
    const hold = Promise.withResolvers<void>();
    const cluster = await idleCluster(redis, 2, { task: () => hold.promise });
    const [first] = cluster;
    await first.spin.schedule("hold");
    const messages = await messagesOf(first);
    const done = oneEnded(cluster);
    await first.spin.schedule("count", 1);
    await done;
    await until("somebody is named", () => messages.length > 0);
    assert.match(messages[0] ?? "", /^spinach\n[0-9a-f\-]{36}$/v);
    hold.resolve();
    await close(cluster);
  });

  test("of a batch, it takes as many as it has room for, and others are woken for the rest", async () => {
    const hold = Promise.withResolvers<void>();
    const cluster = await idleCluster(redis, 3, { slots: 1, task: () => hold.promise });
    const [first, ...others] = cluster;
    const messages = await messagesOf(first);
    const started = cluster.map(
      (it) =>
        new Promise((resolve) => {
          it.spin.on("jobStarted", resolve);
        }),
    );
    await Promise.all([1, 2, 3].map(() => first.spin.schedule("hold")));
    await within("each has started one", Promise.all(started));
    const [, named = ""] = messages[0]?.split("\n") ?? [];
    assert.deepEqual(
      new Set(named.split(",")),
      new Set(others.map(({ broker }) => broker.id)),
      "who has no room is not named",
    );
    assert.equal(
      await redis.inspector.call("SCARD", `${first.namespace}/_idle-brokers-of-spinach`),
      0,
    );
    hold.resolve();
    await close(cluster);
  });

  test("a process whose jobs are on their way leaves the next one to others as well", async () => {
    const hold = Promise.withResolvers<void>();
    const cluster = await idleCluster(redis, 2, { slots: 1, task: () => hold.promise });
    const [first, other] = cluster;
    const messages = await messagesOf(first);
    const calls = [first.spin.schedule("hold")];
    // The first trip is under way now.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    calls.push(first.spin.schedule("hold"));
    await Promise.all(calls);
    await until("somebody is named", () => messages.length > 0);
    assert.deepEqual(messages, [`spinach\n${other?.broker.id}`]);
    hold.resolve();
    await close(cluster);
  });

  test("they start where Redis has forgotten the scripts", async () => {
    const [it] = await idleCluster(redis, 1);
    await redis.inspector.call("SCRIPT", "FLUSH");
    const done = ended(it, 1);
    await it.spin.schedule("count", 1);
    // Nobody else would look before a minute is over.
    await done;
    await it.spin.close();
  });

  test("who waits for schedule() goes on before its job starts", async () => {
    const order: string[] = [];
    const [it] = await idleCluster(redis, 1, { task: () => order.push("job") });
    const done = ended(it, 1);
    const { id } = await it.spin.schedule("hold");
    order.push("schedule");
    await done;
    assert.match(id, /^[0-9a-f\-]{36}$/v);
    assert.deepEqual(order, ["schedule", "job"]);
    await it.spin.close();
  });

  test("future jobs go where they belong, in the same call", async () => {
    const [it] = await idleCluster(redis, 1);
    const done = ended(it, 2);
    const later = it.spin.scheduleAt("count", new Date(Date.now() + 150), 1);
    await Promise.all([later, it.spin.schedule("count", 0)]);
    await done;
    eachOnce(it, 2);
    await it.spin.close();
  });

  test("[G9] where older ones wait, they come after these", async () => {
    const [it] = await idleCluster(redis, 1);
    const order: unknown[] = [];
    it.spin.on("jobStarted", ({ job }) => order.push(job.args[0]));
    // Nobody was told of it.
    const older = wireOf(0);
    await redis.inspector.call("RPUSH", `${it.namespace}/spinach`, older);
    const done = ended(it, 2);
    await it.spin.schedule("count", 1);
    await done;
    assert.deepEqual(order, [0, 1]);
    await it.spin.close();
  });

  test("[G5] of a limited task, no more run than may", async () => {
    let running = 0;
    let most = 0;
    const task = async (): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      await settled();
      running -= 1;
    };
    const [it] = await idleCluster(redis, 1, { task, maxConcurrency: 2 });
    const done = ended(it, 10);
    await Promise.all(Array.from({ length: 10 }, () => it.spin.schedule("hold")));
    await done;
    assert.equal(most, 2);
    await idle(redis.inspector, it.namespace);
    const counts = `${it.namespace}/_current_concurrency`;
    assert.equal(await redis.inspector.call("HGET", counts, "hold"), "0");
    // Those of other tasks are taken all the same.
    await standsIdle(it);
    await redis.inspector.resetCounts();
    const other = ended(it, 1);
    await it.spin.schedule("count", 1);
    await other;
    const { rpush, publish } = await redis.inspector.commandCounts();
    assert.deepEqual({ rpush, publish }, { rpush: undefined, publish: undefined });
    await it.spin.close();
  });

  test("a broker that the cluster has given up holds none: they run as another's", async () => {
    const [it] = await idleCluster(redis, 1);
    const { id } = it.broker;
    await redis.inspector.call("ZADD", `${it.namespace}/_all_brokers_zset`, "0", id);
    const done = ended(it, 1);
    await it.spin.schedule("count", 1);
    await done;
    assert.notEqual(it.broker.id, id);
    const held = await redis.inspector.call(
      "EXISTS",
      `${it.namespace}/_running-jobs-on-broker-${id}`,
    );
    assert.equal(held, 0);
    eachOnce(it, 1);
    await it.spin.close();
  });

  for (const [lost, lose] of [
    ["reply", () => proxy.loseReplies(1)],
    ["request", () => void proxy.cutAt("EVALSHA")],
  ] as const) {
    for (const [task, where] of [
      ["count", "that was taken"],
      ["hold", "that had to go into the queue"],
    ] as const) {
      test(`[G1, G2, G4] one ${where}, whose ${lost} is lost, runs once, and soon`, async () => {
        const firstUrl = redis.url.replace(/:\d+$/v, `:${proxy.port}`);
        const ran: unknown[] = [];
        const [it] = await idleCluster(redis, 1, { firstUrl, maxConcurrency: 5 });
        it.spin.on("jobStarted", ({ job }) => ran.push(job.args[0]));
        for (let index = 0; index < 5; index += 1) {
          const done = ended(it, 1);
          // Redis knows the script after the first one.
          if (index > 0) lose();
          await it.spin.schedule(task, index);
          await done;
          await foundEmptyBy(redis, it.namespace, 1);
          await standsIdle(it);
        }
        assert.deepEqual(ran, [0, 1, 2, 3, 4]);
        await it.spin.close();
      });
    }
  }

  test("[G7] who takes one counts as alive from then on, and no longer", async () => {
    const hold = Promise.withResolvers<void>();
    const [it] = await idleCluster(redis, 1, { task: () => hold.promise });
    // As that of a process that has stood idle for a while.
    const aheadS = Date.now() / 1000 + 100;
    const brokers = `${it.namespace}/_all_brokers_zset`;
    await redis.inspector.call("ZADD", brokers, String(aheadS), it.broker.id);
    await it.spin.schedule("hold");
    const seenS = Number(await redis.inspector.call("ZSCORE", brokers, it.broker.id));
    assert.ok(seenS < aheadS - 90, `${seenS} of ${aheadS}`);
    hold.resolve();
    await it.spin.close();
  });

  test("they do not see the async context of whoever scheduled them", async () => {
    const context = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const [it] = await idleCluster(redis, 1, { task: () => seen.push(context.getStore()) });
    const done = ended(it, 2);
    await Promise.all(
      ["one", "other"].map((name) => context.run(name, () => it.spin.schedule("hold", name))),
    );
    await done;
    assert.deepEqual(seen, [undefined, undefined]);
    await it.spin.close();
  });

  test("[G11] a process that stops while they are on their way puts them back", async () => {
    const cluster = await idleCluster(redis, 2);
    const [first, other] = cluster;
    assert.ok(other);
    const done = ended(other, 1);
    const call = first.spin.schedule("count", 1);
    // They are claimed in the same turn.
    for (let hops = 0; hops < 10; hops += 1) await Promise.resolve();
    await Promise.all([call, first.spin.stopWorkers()]);
    await done;
    eachOnce(other, 1);
    assert.equal(first.runs.size, 0);
    await close(cluster);
  });

  test("a schedule() that is tried again says anew who looks for its job", async () => {
    const cluster = await idleCluster(redis, 2);
    const [first, other] = cluster;
    assert.ok(other);
    const messages = await messagesOf(first);
    await redis.inspector.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    await logged(first, "the connection to Redis is lost");
    const done = ended(other, 1);
    const call = first.spin.schedule("count", 1);
    // In the first attempt it stood idle.
    await Promise.resolve();
    const stopped = first.spin.stopWorkers();
    await call;
    await until("somebody is woken", () => wakeUpsIn(messages).length > 0);
    const [message = ""] = messages;
    assert.equal(message.split("\n").length, 2, `"${message}" says that a process looks by itself`);
    await Promise.all([done, stopped]);
    await close(cluster);
  });
});

/** A job of `count`, as it stands in a queue. */
function wireOf(index: number): string {
  return JSON.stringify({
    id: `00000000-0000-4000-8000-00000000000${index}`,
    status: 2,
    task_name: "count",
    queue: "spinach",
    max_retries: 0,
    retries: 0,
    at: 1_700_000_000,
    at_us: 0,
    task_args: [index],
    task_kwargs: {},
  });
}
