/** What other programs left under our keys is set aside, whole, with the reason; the rest goes on. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { until } from "../../../src/testing/waits.ts";
import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import { ownRedis } from "./own-redis.ts";
import { ended, eachOnce, redisBench, type RedisBench } from "./redis-bench.ts";

const ID = "00000000-0000-4000-8000-000000000000";

const redis = ownRedis();

interface Quarantined {
  readonly where: string;
  readonly reason: string;
  readonly text: string;
}

/** What was set aside, oldest first. */
async function quarantine({ namespace }: RedisBench): Promise<readonly Quarantined[]> {
  const entries = await redis.inspector.call("LRANGE", `${namespace}/_quarantine`, "0", "-1");
  assert.ok(Array.isArray(entries));
  return entries.map((entry) => {
    const whole = String(entry);
    const end = whole.indexOf("\n");
    const { where, reason }: Readonly<Record<string, unknown>> = {
      ...readJson(whole.slice(0, end)),
    };
    return { where: String(where), reason: String(reason), text: whole.slice(end + 1) };
  });
}

function readJson(text: string): object {
  const value: unknown = JSON.parse(text);
  assert.ok(typeof value === "object" && value !== null);
  return value;
}

function errors({ logger }: RedisBench): number {
  return logger.lines.filter(({ level }) => level === "error").length;
}

async function runsStill(it: RedisBench, index: number): Promise<void> {
  const done = ended(it, 1);
  await it.spin.schedule("count", index);
  await done;
}

describe("the quarantine", () => {
  const member = `"id":"${ID}","status":2,"task_name":"count","queue":"spinach"`;
  const texts: Readonly<Record<string, string>> = {
    "no JSON": "nothing \u00e9",
    "half a job": `{${member.slice(0, 60)}`,
    "no job": "[1,2]",
    "a job without an id": '{"status":2,"task_name":"count","queue":"spinach"}',
    "a job whose retries are a text": `{${member},"max_retries":3,"retries":"x","at":1,"at_us":0,"task_args":[1],"task_kwargs":{}}`,
    "a job without arguments": `{${member},"max_retries":3,"retries":0,"at":1,"at_us":0}`,
  };
  for (const [what, text] of Object.entries(texts)) {
    for (const limited of [false, true]) {
      test(`${what} in a queue${limited ? ", where limits are" : ""}`, async () => {
        await using it = redisBench(redis.url);
        if (limited) it.spin.task("limited", { maxConcurrency: 1 }, () => undefined);
        await redis.inspector.call("RPUSH", `${it.namespace}/spinach`, text);
        await it.spin.startWorkers({ workers: new AsyncWorkers() });
        await runsStill(it, 1);
        await runsStill(it, 2);
        await it.spin.stopWorkers();
        const [only, ...others] = await quarantine(it);
        assert.equal(only?.text, text);
        assert.ok(only.where.startsWith(`${it.namespace}/`));
        assert.match(only.reason, /not a job/v);
        assert.deepEqual(others, []);
        assert.equal(errors(it), 1, "logged once");
        eachOnce(it, 2);
      });
    }
  }

  test("an unknown field is kept, and harms nothing", async () => {
    await using it = redisBench(redis.url);
    const job = `{${member},"max_retries":3,"retries":0,"at":1,"at_us":0,"task_args":[1],"task_kwargs":{},"new":{"a":[]}}`;
    await redis.inspector.call("RPUSH", `${it.namespace}/spinach`, job);
    const done = ended(it, 1);
    await it.spin.startWorkers({ workers: new AsyncWorkers() });
    await done;
    eachOnce(it, 1);
    assert.deepEqual(await quarantine(it), []);
  });

  const keys = [
    "spinach",
    "_future-jobs",
    "_periodic_tasks_hash",
    "_periodic_tasks_queue",
    "_max_concurrency",
    "_current_concurrency",
    "_all_brokers_hash",
    "_all_brokers_zset",
    "_idle-brokers-of-spinach",
    "_parked-jobs",
    "_parked-counts",
    "_stated_tasks",
  ];
  for (const key of keys) {
    test(`a key of the wrong type: ${key}`, async () => {
      await using it = redisBench(redis.url);
      await redis.inspector.call("SET", `${it.namespace}/${key}`, "somebody's value");
      it.spin.task("limited", { maxConcurrency: 1 }, () => sleep(5));
      it.spin.task("periodic", { periodicity: 86_400_000 }, () => undefined);
      await it.spin.schedule("count", 0);
      const done = ended(it, 5);
      for (let index = 0; index < 3; index += 1) await it.spin.schedule("limited");
      await it.spin.startWorkers({ workers: new AsyncWorkers() });
      await it.spin.scheduleAt("count", new Date(Date.now() + 50), 1);
      await done;
      await it.spin.stopWorkers();
      eachOnce(it, 2);
      const [only, ...others] = await quarantine(it);
      assert.deepEqual(others, []);
      assert.equal(only?.where, `${it.namespace}/${key}`);
      assert.match(only.reason, /^a string, which [A-Z]+ cannot use$/v);
      assert.ok(only.text.includes("somebody's value"), "as DUMP gives it");
      // A heartbeat may have found it, which tells by a message.
      await until("it is logged", () => errors(it) > 0);
      assert.equal(errors(it), 1, "logged once");
    });
  }

  test("a job of a queue that is named as a key of ours, which it would be put back into", async () => {
    await using it = redisBench(redis.url);
    const future = `${it.namespace}/_future-jobs`;
    const job = `{"id":"${ID}","status":2,"task_name":"unknown","queue":"_future-jobs","max_retries":3,"retries":0,"at":1,"at_us":0,"task_args":[],"task_kwargs":{}}`;
    await it.spin.scheduleAt("count", new Date(Date.now() + 3_600_000), 1);
    await redis.inspector.call("RPUSH", `${it.namespace}/spinach`, job);
    const done = ended(it, 1);
    await it.spin.schedule("count", 2);
    await it.spin.startWorkers({ workers: new AsyncWorkers() });
    await done;
    await it.spin.stopWorkers();
    assert.deepEqual(
      (await quarantine(it)).map(({ text }) => text),
      [job],
    );
    assert.equal(await redis.inspector.call("ZCARD", future), 1);
  });

  test("a job of such a queue that a dead process held", async () => {
    await using it = redisBench(redis.url);
    const future = `${it.namespace}/_future-jobs`;
    const start = `{"id":"${ID}","status":2,"task_name":"count","queue":"_future-jobs","max_retries":3,"retries":0,"at":1,"at_us":0`;
    const long = `${start},"task_args":["${"x".repeat(5000)}"],"task_kwargs":{}}`;
    await it.spin.scheduleAt("count", new Date(Date.now() + 3_600_000), 1);
    const running = `${it.namespace}/_running-jobs-on-broker-dead`;
    await redis.inspector.call("ZADD", `${it.namespace}/_all_brokers_zset`, "1", "dead");
    await redis.inspector.call("HSET", running, ID, long);
    assert.deepEqual(await it.broker.rescue("dead"), { reenqueued: 0, failed: [] });
    assert.deepEqual(
      (await quarantine(it)).map(({ text }) => text),
      [long],
    );
    assert.equal(await redis.inspector.call("ZCARD", future), 1);
  });

  // A byte that the client cannot read stands for each ?.
  for (const queue of ["_future-jobs", "_all_brokers_zset", "caf?"]) {
    test(`a future job and a periodic task of queue ${queue}, which is none`, async () => {
      await using it = redisBench(redis.url);
      const future = `${it.namespace}/_future-jobs`;
      const add = (...command: readonly string[]): Promise<unknown> =>
        redis.inspector.call(
          "EVAL",
          String.raw`for i, text in ipairs(ARGV) do ARGV[i] = string.gsub(text, '?', '\233') end return redis.call(unpack(ARGV))`,
          "0",
          ...command,
        );
      const job = `{"id":"${ID}","status":1,"task_name":"count","queue":"${queue}","max_retries":3,"retries":0,"at":1,"at_us":0,"task_args":[1],"task_kwargs":{}}`;
      const task = `{"max_concurrency":-1,"max_retries":0,"name":"odd","periodicity":60,"queue":"${queue}"}`;
      await it.spin.scheduleAt("count", new Date(Date.now() + 3_600_000), 1);
      await add("ZADD", future, "1", job);
      await add("HSET", `${it.namespace}/_periodic_tasks_hash`, "odd", task);
      await add("ZADD", `${it.namespace}/_periodic_tasks_queue`, "1", "odd");
      const done = ended(it, 1);
      await it.spin.scheduleAt("count", new Date(Date.now() + 300), 2);
      await it.spin.startWorkers({ workers: new AsyncWorkers() });
      await done;
      await it.spin.stopWorkers();
      eachOnce(it, 1);
      const aside = await quarantine(it);
      const where = aside.map((entry) => entry.where.slice(it.namespace.length));
      assert.deepEqual(where, ["/_future-jobs", "/_periodic_tasks_hash"]);
      assert.equal(await redis.inspector.call("ZCARD", future), 1);
      assert.equal(await redis.inspector.call("ZCARD", `${it.namespace}/_periodic_tasks_queue`), 0);
    });
  }

  test("[G3] a quarantine of the wrong type, while something must be set aside: nothing is lost", async () => {
    await using it = redisBench(redis.url);
    await redis.inspector.call("SET", `${it.namespace}/_quarantine`, "somebody's value");
    await redis.inspector.call("RPUSH", `${it.namespace}/spinach`, "nothing");
    const done = ended(it, 3);
    for (const index of [1, 2, 3]) await it.spin.schedule("count", index);
    await it.spin.startWorkers({ workers: new AsyncWorkers() });
    await done;
    await it.spin.stopWorkers();
    eachOnce(it, 3);
    const [first, second, ...others] = await quarantine(it);
    assert.equal(first?.where, `${it.namespace}/_quarantine`);
    assert.ok(first.text.includes("somebody's value"), "as DUMP gives it");
    assert.equal(second?.text, "nothing");
    assert.deepEqual(others, []);
    assert.equal(errors(it), 2);
  });

  test("parked jobs that were set aside whole are not waited for", async () => {
    await using it = redisBench(redis.url);
    const { promise: gate, resolve: openGate } = Promise.withResolvers<void>();
    it.spin.task("limited", { maxConcurrency: 1 }, () => gate);
    const parked = `${it.namespace}/_parked-jobs`;
    for (let index = 0; index < 3; index += 1) await it.spin.schedule("limited");
    const all = ended(it, 1);
    const workers = new AsyncWorkers();
    const { finished } = await it.spin.startWorkers({ workers, stopWhenQueueEmpty: true });
    await until("two are parked", async () => (await redis.inspector.call("ZCARD", parked)) === 2);
    await redis.inspector.call("SET", parked, "somebody's value");
    openGate();
    await all;
    const counts = `${it.namespace}/_parked-counts`;
    // The last number used stays.
    await until("none is counted", async () => (await redis.inspector.call("HLEN", counts)) === 1);
    await finished;
    const [only, ...others] = await quarantine(it);
    assert.equal(only?.where, parked);
    assert.deepEqual(others, []);
  });

  test("a key that becomes one of the wrong type while workers run", async () => {
    await using it = redisBench(redis.url);
    await it.spin.startWorkers({ workers: new AsyncWorkers() });
    await runsStill(it, 1);
    for (const key of ["spinach", "_idle-brokers-of-spinach", "_future-jobs"]) {
      await redis.inspector.call("DEL", `${it.namespace}/${key}`);
      await redis.inspector.call("SET", `${it.namespace}/${key}`, "somebody's value");
    }
    await runsStill(it, 2);
    await it.spin.stopWorkers();
    eachOnce(it, 2);
    assert.equal(errors(it), 3, "logged once each");
  });
});
