/** Limits in the hands of others: what Python deletes, who joins meanwhile, and who is woken. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { register, registerCodes } from "../../../src/brokers/redis/lua-scripts.ts";
import { RedisBroker } from "../../../src/brokers/redis/redis-broker.ts";
import { RedisKeys } from "../../../src/brokers/redis/redis-keys.ts";
import { array } from "../../../src/brokers/redis/replies.ts";
import { statedTasks } from "../../../src/brokers/redis/stated-tasks.ts";
import { systemRuntime } from "../../../src/platform/runtime.ts";
import {
  exchange,
  ids,
  nextWakeUp,
  outcome,
  settle,
  take,
} from "../../../src/testing/conformance/broker-bench.ts";
import { JobMaker, testTask } from "../../../src/testing/conformance/test-cluster.ts";
import { RecordingLogger } from "../../../src/testing/recording-logger.ts";
import { until } from "../../../src/testing/waits.ts";
import { ownRedis } from "./own-redis.ts";

const limited = testTask("limited", { maxConcurrency: 2, maxRetries: 3 });
const elsewhere = testTask("elsewhere", { queue: "elsewhere", maxConcurrency: 1 });

const redis = ownRedis();

interface Cluster extends AsyncDisposable {
  readonly keys: RedisKeys;
  readonly jobs: JobMaker;
  /** A broker that has joined, and knows no task. */
  join(): Promise<RedisBroker>;
}

function newCluster(namespace: string): Cluster {
  const brokers: RedisBroker[] = [];
  const runtime = { ...systemRuntime(), logger: new RecordingLogger() };
  const stop = async (): Promise<void> => {
    await Promise.all(brokers.map((broker) => broker.stop()));
  };
  const join = async (): Promise<RedisBroker> => {
    const broker = new RedisBroker(redis.url);
    brokers.push(broker);
    broker.bind({ namespace, runtime });
    await broker.start();
    await broker.register([]);
    return broker;
  };
  const jobs = new JobMaker(runtime.clock);
  return { keys: new RedisKeys(namespace), jobs, join, [Symbol.asyncDispose]: stop };
}

/** As Redis tells it: whole seconds, and microseconds. */
async function serverTime(): Promise<readonly number[]> {
  const time = await redis.inspector.call("TIME");
  assert.ok(Array.isArray(time));
  return time.map(Number);
}

describe("limits on Redis", () => {
  for (const deleted of ["_max_concurrency", "_current_concurrency", "both"]) {
    test(`[G5] hold when a Python process that starts has deleted ${deleted}`, async () => {
      const namespace = `deleted ${deleted}`;
      await using cluster = newCluster(namespace);
      const [stating, other] = [await cluster.join(), await cluster.join()];
      await stating.register([limited]);
      await stating.enqueue(cluster.jobs.makeMany(6, limited));
      const { jobs: running } = await take(stating, 10);
      assert.equal(running.length, 2);
      for (const key of ["_max_concurrency", "_current_concurrency"]) {
        if (deleted === key || deleted === "both") {
          await redis.inspector.call("DEL", `${namespace}/${key}`);
        }
      }

      // Neither those that are parked, nor those that come now; whoever looks.
      await stating.enqueue(cluster.jobs.makeMany(2, limited));
      assert.deepEqual(ids((await take(other, 10)).jobs), []);
      // Who meets it counts again, though it does not know the task, and what ends meanwhile is counted once.
      await settle(stating, [outcome("succeeded", running[0])]);
      await until("the count is back", async () => {
        const count = await redis.inspector.call("HGET", cluster.keys.fixed.counts, limited.name);
        return count === "1";
      });
      assert.equal(
        await redis.inspector.call("HGET", cluster.keys.fixed.limits, limited.name),
        "2",
      );
      assert.equal((await take(other, 10)).jobs.length, 1);
      assert.equal((await take(stating, 10)).jobs.length, 0);
    });
  }

  test("[G5] that were taken away stay away, and their jobs come out", async () => {
    await using cluster = newCluster("taken away");
    const broker = await cluster.join();
    await broker.register([limited]);
    await broker.enqueue(cluster.jobs.makeMany(6, limited));
    await take(broker, 10);
    await redis.inspector.call("DEL", cluster.keys.fixed.limits);
    await broker.register([testTask("limited", { maxRetries: 3 })]);
    assert.equal((await take(broker, 10)).jobs.length, 4);
    assert.equal(await redis.inspector.call("EXISTS", cluster.keys.fixed.ownLimits), 0);
  });

  test("[G10] and periods of ours are forgotten an hour after the last process that stated them", async () => {
    await using cluster = newCluster("forgotten");
    const { fixed } = cluster.keys;
    const broker = await cluster.join();
    const both = testTask("both", { maxConcurrency: 1, periodicity: 60_000 });
    await broker.register([both, limited]);
    const hourAgo = Date.now() / 1000 - 3601;
    await redis.inspector.call("ZADD", fixed.stated, String(hourAgo), both.name);
    await broker.register([limited]);
    for (const key of [fixed.limits, fixed.ownLimits, fixed.counts]) {
      assert.deepEqual(await redis.inspector.call("HKEYS", key), [limited.name], key);
    }
    for (const key of [
      fixed.periodic,
      fixed.periodicExact,
      fixed.periodicTasks,
      fixed.ownPeriodic,
    ]) {
      assert.equal(await redis.inspector.call("EXISTS", key), 0, key);
    }
  });

  test("[G5] [G10] are kept when nobody could state them for hours, whoever states first after that", async () => {
    await using cluster = newCluster("slept");
    const { stated, limits, periodicTasks } = cluster.keys.fixed;
    const [broker, other] = [await cluster.join(), await cluster.join()];
    const both = testTask("both", { maxConcurrency: 1, periodicity: 60_000 });
    await broker.register([both]);
    await other.register([limited]);
    // As all look when their machine wakes up.
    const names = await redis.inspector.call("ZRANGE", stated, "0", "-1");
    assert.ok(Array.isArray(names));
    for (const name of names) {
      await redis.inspector.call("ZINCRBY", stated, "-7200", String(name));
    }
    await other.register([limited]);
    await other.register([limited]);
    assert.equal(await redis.inspector.call("HGET", limits, both.name), "1");
    assert.equal(await redis.inspector.call("HEXISTS", periodicTasks, both.name), 1);
  });

  test("[G10] a clock that is set back by a day silences no periodic task", async () => {
    await using cluster = newCluster("set back");
    const { periodic, periodicExact } = cluster.keys.fixed;
    const broker = await cluster.join();
    const everySecond = testTask("every second", { periodicity: 1000 });
    await broker.register([everySecond]);
    // As the clock that was a day ahead has left them.
    for (const key of [periodic, periodicExact]) {
      await redis.inspector.call("ZINCRBY", key, "86400", everySecond.name);
    }
    await broker.register([everySecond]);
    const { nextDueMs = Infinity } = await broker.tick();
    assert.ok(nextDueMs <= 1000, `it runs in ${nextDueMs} ms`);
    await until("it runs", async () => {
      await broker.tick();
      return (await take(broker, 1)).jobs.length > 0;
    });
  });

  test("[G10] a period that Python has planned for sooner is not slept over", async () => {
    await using cluster = newCluster("planned by Python");
    const broker = await cluster.join();
    const hourly = testTask("hourly", { periodicity: 3_600_000 });
    await broker.register([hourly]);
    const [second = 0] = await serverTime();
    await redis.inspector.call(
      "ZADD",
      cluster.keys.fixed.periodic,
      String(second + 10),
      hourly.name,
    );
    const { nextDueMs = Infinity } = await broker.tick();
    assert.ok(nextDueMs > 0 && nextDueMs <= 10_000, `it is due in ${nextDueMs} ms`);
  });

  test("[G5] a count that another program has set too low lets no more than the limit run", async () => {
    await using cluster = newCluster("too low");
    const broker = await cluster.join();
    const { counts } = cluster.keys.fixed;
    const single = testTask("single", { maxConcurrency: 1 });
    await broker.register([single]);
    await broker.enqueue(cluster.jobs.makeMany(4, single));
    const running = [...(await take(broker, 1)).jobs];
    await redis.inspector.call("HSET", counts, single.name, "0");
    const reply = await exchange(broker, [outcome("succeeded", running[0])], 10);
    assert.equal(reply.jobs.length, 1);
    await redis.inspector.call("HSET", counts, single.name, "0");
    await settle(broker, [outcome("succeeded", reply.jobs[0])]);
    assert.equal(await redis.inspector.call("HGET", counts, single.name), "0");
    assert.equal((await take(broker, 10)).jobs.length, 1);
  });

  test("[G5] a fetch looks at 1,000 jobs without a place at most", async () => {
    await using cluster = newCluster("bounded");
    const broker = await cluster.join();
    await broker.register([limited]);
    await broker.enqueue(cluster.jobs.makeMany(2500, limited));
    assert.equal((await take(broker, 2000)).jobs.length, 2);
    assert.equal(await redis.inspector.call("LLEN", cluster.keys.queue("spinach")), 1500);
  });

  test("[G5] that are new count the jobs of a broker that joins while they are stated", async () => {
    await using cluster = newCluster("joins");
    const { fixed, channel } = cluster.keys;
    const first = await cluster.join();
    const { count, fields } = statedTasks([limited]);
    /** One call of the script, which is told of the brokers that were there before. */
    const state = async (brokers: readonly string[]): Promise<unknown> => {
      const call = register(
        { ...fixed, running: brokers.map((id) => cluster.keys.running(id)) },
        {
          brokerId: first.id,
          channel,
          rememberedS: 3600,
          joinNumber: 0,
          taskCount: count,
          tasks: [...fields, ...brokers],
        },
      );
      const { script, keys, args } = call;
      return redis.inspector.call("EVAL", script.text, String(keys.length), ...keys, ...args);
    };
    assert.deepEqual(await state([]), [registerCodes.MUST_COUNT, first.id]);
    const second = await cluster.join();
    await second.enqueue(cluster.jobs.makeMany(5, limited));
    await take(second, 2);
    assert.deepEqual(
      await state([first.id]),
      [registerCodes.MUST_COUNT, second.id],
      "it is asked for too",
    );
    const [code] = array(await state([first.id, second.id]));
    assert.equal(code, registerCodes.REGISTERED);
    assert.equal(await redis.inspector.call("HGET", fixed.counts, limited.name), "2");
  });

  test("[G5] a place that becomes free wakes as many as it has room for", async () => {
    await using cluster = newCluster("wakes one");
    const idle = await Promise.all(Array.from({ length: 4 }, () => cluster.join()));
    const busy = await cluster.join();
    await busy.register([limited, elsewhere]);
    const other = { ...limited, queue: "elsewhere" };
    await busy.enqueue([...cluster.jobs.makeMany(2, limited), ...cluster.jobs.makeMany(3, other)]);
    const { jobs: running } = await take(busy, 10);
    for (const broker of idle) await take(broker, 10, "elsewhere");
    let woken = 0;
    for (const broker of idle) {
      broker.onWakeUp(() => {
        woken += 1;
      });
    }
    const one = nextWakeUp(idle, "elsewhere");
    await settle(busy, [outcome("succeeded", running[0])]);
    await one;
    assert.equal(woken, 1, "the others look later, unless somebody was faster");
  });
});
