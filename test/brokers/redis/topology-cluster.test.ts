/** A namespace on a Redis Cluster: it lives on one node, wherever the cluster moves it. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { createCluster } from "@redis/client";

import { RedisBroker } from "../../../src/brokers/redis/redis-broker.ts";
import type { RedisClusterOptions } from "../../../src/brokers/redis/redis-target.ts";
import { Batch } from "../../../src/core/batch.ts";
import { BrokerError } from "../../../src/core/errors.ts";
import { Engine } from "../../../src/engine/engine.ts";
import { until } from "../../../src/testing/waits.ts";
import { type CountingEngine, countingEngine, notOnce } from "./counting-engine.ts";
import type { Inspector } from "./inspector.ts";
import { startRedisCluster, type TestRedisCluster } from "./redis-cluster.ts";
import { freePort } from "./redis-process.ts";

/** A worker that nobody wakes looks after 60 s by itself: what takes less was a wake-up. */
const WOKEN_WITHIN_MS = 30_000;

let cluster: TestRedisCluster;
let namespaces = 0;

before(async () => {
  cluster = await startRedisCluster();
});
after(() => cluster.stop());

function newNamespace(): string {
  namespaces += 1;
  return `{test-${namespaces}}`;
}

/** A key that shares the slot of the whole namespace. */
function brokersOf(namespace: string): string {
  return `${namespace}/_all_brokers_zset`;
}

function allRoots(): RedisClusterOptions {
  return { rootNodes: cluster.urls.map((url) => ({ url })) };
}

async function notOwnerOf(namespace: string): Promise<string> {
  const owner = await cluster.ownerOf(brokersOf(namespace));
  const other = cluster.urls.find((url) => url !== owner);
  assert.ok(other !== undefined);
  return other;
}

/** Nodes of which only one answers, and that one has not the slot. */
async function oneRoot(namespace: string): Promise<RedisClusterOptions> {
  const dead = [await freePort(), await freePort()].map((port) => `redis://127.0.0.1:${port}`);
  return { rootNodes: [...dead, await notOwnerOf(namespace)].map((url) => ({ url })) };
}

/** 200 jobs: at least once, at most once, limited, and each third of them in the future. */
async function scheduleAll(spin: Engine): Promise<void> {
  const batch = new Batch();
  const soon = new Date(Date.now() + 300);
  for (let index = 0; index < 50; index += 1) {
    for (const task of ["count", "count", "once", "limited"]) {
      const number = task === "count" ? index * 2 + (batch.requests.length % 2) : index;
      if (index % 3 === 0) batch.scheduleAt(task, soon, number);
      else batch.schedule(task, number);
    }
  }
  await spin.scheduleBatch(batch);
}

async function runsAll(it: CountingEngine): Promise<void> {
  let ticks = 0;
  it.spin.task("tick", { periodicity: 100 }, () => {
    ticks += 1;
  });
  await scheduleAll(it.spin);
  await it.startWorkers();
  await it.ran("count", 100);
  await it.ran("once", 50);
  await it.ran("limited", 50);
  await until("a periodic task ran twice", () => ticks >= 2);
  await it.spin.close();
  for (const runs of Object.values(it.runs)) assert.deepEqual(notOnce(runs), []);
  assert.ok(it.mostAtOnce() <= 2);
}

/** Schedules one job of `count` and one of `once` after the other; returns a function that ends it. */
function keepScheduling(spin: Engine): { readonly count: () => number; stop(): Promise<void> } {
  let count = 0;
  let isStopped = false;
  const loop = (async () => {
    while (!isStopped) {
      await Promise.all([spin.schedule("count", count), spin.schedule("once", count)]);
      count += 1;
      await sleep(1);
    }
  })();
  // Rejects in `stop` as well, where it is seen.
  loop.catch(() => undefined);
  return {
    count: () => count,
    stop: async () => {
      isStopped = true;
      await loop;
    },
  };
}

/** Moves the namespace while its worker is refused, and returns where it is then. */
async function move(it: CountingEngine): Promise<string> {
  const to = await notOwnerOf(it.namespace);
  const isRefused = (): boolean => it.lines.some(({ message }) => message.includes("failed"));
  await cluster.moveSlotOf(brokersOf(it.namespace), to, () =>
    until("a call meets the slot between two nodes", isRefused),
  );
  return to;
}

type Call = Inspector["call"];

/** A lone job for idle workers. */
async function wakes(
  { producer, worker, call }: Record<"producer" | "worker", CountingEngine> & { call: Call },
  index: number,
): Promise<void> {
  const idle = `${worker.namespace}/_idle-brokers-of-spinach`;
  await until("the worker is idle", async () => (await call("SCARD", idle)) === 1);
  const scheduledMs = performance.now();
  await producer.spin.schedule("count", index);
  await until("the job has run", () => worker.runs.count.has(index));
  assert.ok(performance.now() - scheduledMs < WOKEN_WITHIN_MS);
}

/** When the one broker of a namespace was last seen, s. An idle one counts as seen for a while. */
async function lastSeen(namespace: string, call: Call): Promise<number> {
  const [id] = [await call("ZRANGE", brokersOf(namespace), "0", "-1")].flat();
  return Number(await call("ZSCORE", brokersOf(namespace), String(id)));
}

/** Resolves when the broker has shown that it is alive after something was done. */
async function beatsAfter(
  namespace: string,
  call: Call,
  action: () => Promise<void>,
): Promise<void> {
  // Before: an idle broker beats once after it, and then not for minutes.
  const seenAt = await lastSeen(namespace, call);
  await action();
  await until("the next heartbeat", async () => (await lastSeen(namespace, call)) > seenAt);
}

async function onlyOn(url: string, namespace: string): Promise<void> {
  for (const other of cluster.urls) {
    if (other !== url) assert.deepEqual(await cluster.at(other).keys(namespace), [], other);
  }
}

describe("RedisBroker on a Redis Cluster", () => {
  test("runs jobs of all kinds, from several root nodes", async () => {
    await using it = countingEngine({ redis: allRoots(), namespace: newNamespace() });
    await runsAll(it);
    await onlyOn(await cluster.ownerOf(brokersOf(it.namespace)), it.namespace);
  });

  test("finds its node when one root node answers, which is another", async () => {
    // A tag may be a part of the namespace.
    const namespace = `${newNamespace()}-production`;
    await using it = countingEngine({ redis: await oneRoot(namespace), namespace });
    await runsAll(it);
  });

  test("asks all nodes with a password that is a function, in the heartbeat thread too", async () => {
    let asked = 0;
    const password = (): string => {
      asked += 1;
      // A user without a password takes any.
      return "any";
    };
    const redis = { ...allRoots(), defaults: { username: "default", password } };
    await using it = countingEngine({ redis, namespace: newNamespace() });
    await it.startWorkers();
    await it.spin.schedule("once", 1);
    await it.ran("once", 1);
    const connections = 3;
    assert.equal(asked, connections * (cluster.urls.length + 1));
  });

  test("[G1] [G12] loses and doubles no job when its slot moves while they run", async () => {
    const namespace = newNamespace();
    const options = { lease: 3000 };
    await using producer = countingEngine({ redis: allRoots(), namespace });
    await using worker = countingEngine({ redis: allRoots(), namespace, options });
    await worker.startWorkers();
    const scheduling = keepScheduling(producer.spin);
    await worker.ran("count", 30);
    const owner = await move(worker);
    const moved = scheduling.count();
    await until("jobs are scheduled after the move", () => scheduling.count() > moved + 30);
    await scheduling.stop();
    await worker.ran("count", scheduling.count());
    await worker.ran("once", scheduling.count());
    assert.deepEqual(notOnce(worker.runs.count), []);
    assert.deepEqual(notOnce(worker.runs.once), []);
    await worker.spin.close();
    await onlyOn(owner, namespace);
  });

  test("[G6] [G12] wakes workers and stays alive after its slot moved", async () => {
    const namespace = newNamespace();
    const options = { lease: 3000 };
    await using producer = countingEngine({ redis: allRoots(), namespace });
    await using worker = countingEngine({ redis: allRoots(), namespace, options });
    const scheduling = keepScheduling(producer.spin);
    await worker.startWorkers();
    const { call } = cluster.at(await move(worker));
    await scheduling.stop();
    await worker.ran("once", scheduling.count());
    await worker.ran("count", scheduling.count());
    await beatsAfter(namespace, call, () => wakes({ producer, worker, call }, scheduling.count()));
  });

  test("takes the options of a client of createCluster, and neither uses nor closes it", async () => {
    const client = createCluster({ rootNodes: cluster.urls.map((url) => ({ url })) });
    await client.connect();
    try {
      {
        await using it = countingEngine({ redis: client, namespace: newNamespace() });
        await it.spin.schedule("count", 0);
        await it.startWorkers();
        await it.ran("count", 1);
      }
      assert.equal(client.isOpen, true);
      assert.equal(await client.set("{of-the-client}", "1"), "OK");
    } finally {
      client.destroy();
    }
  });
});

describe("RedisBroker on a Redis Cluster refuses", () => {
  test("a namespace without a hash tag, at new Engine", () => {
    for (const namespace of ["spinach", "{}", "{}{a}", "a}b{"]) {
      assert.throws(() => new Engine(new RedisBroker(allRoots()), { namespace }), {
        name: "RangeError",
        message: /must carry a hash tag, such as ".*\{.*\}"/v,
      });
    }
  });

  test("[G12] a URL of a node that has not the namespace, with the remedy, at once", async () => {
    const namespace = newNamespace();
    const url = await notOwnerOf(namespace);
    await using it = countingEngine({ redis: url, namespace });
    await assert.rejects(it.spin.schedule("count", 0), isAClusterMet);
    await assert.rejects(it.startWorkers(), isAClusterMet);
  });

  test("a URL of a node and a namespace without a hash tag, with the remedy, at once", async () => {
    await using it = countingEngine({ redis: cluster.urls[0] ?? "", namespace: "no-tag" });
    await assert.rejects(it.spin.schedule("count", 0), (error) => {
      assert.ok(error instanceof BrokerError);
      assert.match(error.message, /CROSSSLOT.*hash tag, such as \{spinach\}/v);
      return true;
    });
  });
});

// The last test: its cluster is a node short.
test("[G6] [G12] RedisBroker leaves a node that has left the cluster, and stays alive", async () => {
  const namespace = newNamespace();
  const options = { lease: 3000 };
  await using producer = countingEngine({ redis: allRoots(), namespace });
  await using worker = countingEngine({ redis: allRoots(), namespace, options });
  const owner = await cluster.ownerOf(brokersOf(namespace));
  const to = await notOwnerOf(namespace);
  await worker.startWorkers();
  await producer.spin.schedule("count", 0);
  await worker.ran("count", 1);
  await cluster.moveSlotOf(brokersOf(namespace), to);
  const { call } = cluster.at(to);
  // The worker is idle: only its heartbeat can find out.
  await beatsAfter(namespace, call, () => cluster.takeOut(owner));
  await beatsAfter(namespace, call, () => wakes({ producer, worker, call }, 1));
});

function isAClusterMet(error: unknown): true {
  assert.ok(error instanceof BrokerError);
  assert.match(error.message, /MOVED.*rootNodes.*hash tag/v);
  return true;
}
