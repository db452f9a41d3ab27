/** Ours takes over what Python Spinach left in Redis, and leaves what Python can read. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";

import { RedisBroker } from "../../src/brokers/redis/redis-broker.ts";
import { Engine } from "../../src/engine/engine.ts";
import { testTask } from "../../src/testing/conformance/test-cluster.ts";
import { RecordingLogger } from "../../src/testing/recording-logger.ts";
import { until, within } from "../../src/testing/waits.ts";
import { AsyncWorkers } from "../../src/workers/async-workers.ts";
import { currentJob } from "../../src/workers/current-job.ts";
import { ownRedis } from "../brokers/redis/own-redis.ts";

/** What Python left after one step: keys with their types and values. */
type Keyspace = Readonly<
  Record<
    string,
    | { readonly type: "list"; readonly value: readonly string[] }
    | { readonly type: "hash"; readonly value: Readonly<Record<string, string>> }
    | { readonly type: "zset"; readonly value: ReadonlyArray<readonly [string, number]> }
  >
>;

interface Recording {
  readonly namespace: string;
  readonly steps: ReadonlyArray<{ readonly did: string; readonly keys: Keyspace }>;
}

const recording = JSON.parse(
  readFileSync(join(import.meta.dirname, "../fixtures/python-spinach-0.0.25.json"), "utf8"),
) as Recording;
const { namespace } = recording;

const redis = ownRedis();

function step(did: string): Keyspace {
  const found = recording.steps.find((each) => each.did.startsWith(did));
  assert.ok(found, `the recording has a step "${did}"`);
  return found.keys;
}

async function load(keyspace: Keyspace): Promise<void> {
  await redis.inspector.call("FLUSHALL");
  for (const [key, { type, value }] of Object.entries(keyspace)) {
    if (type === "list") await redis.inspector.call("RPUSH", key, ...value);
    else if (type === "hash")
      await redis.inspector.call("HSET", key, ...Object.entries(value).flat());
    else
      for (const [member, score] of value)
        await redis.inspector.call("ZADD", key, `${score}`, member);
  }
}

interface Bench extends AsyncDisposable {
  readonly spin: Engine;
  /** `task args kwargs retries`, in the order of the starts. */
  readonly runs: string[];
}

/** An engine with the tasks of the recording. */
function bench(): Bench {
  const logger = new RecordingLogger();
  const spin = new Engine(new RedisBroker(redis.url), { namespace, logger });
  const runs: string[] = [];
  const note = (...args: unknown[]): void => {
    const { taskName = "?", retries, kwargs } = currentJob() ?? {};
    const own = Object.keys(kwargs ?? {}).length > 0 ? args.slice(0, -1) : args;
    runs.push(`${taskName} ${JSON.stringify(own)} ${JSON.stringify(kwargs)} ${retries}`);
  };
  spin.task("compute", note);
  spin.task("once", note);
  spin.task("retryable", { maxRetries: 10 }, note);
  spin.task("limited", { maxRetries: 3, maxConcurrency: 1, queue: "slow" }, note);
  spin.task("tick", { periodicity: 5000 }, note);
  return { spin, runs, [Symbol.asyncDispose]: () => spin.close() };
}

async function drain({ spin }: Bench, queue: string): Promise<void> {
  const workers = new AsyncWorkers({ number: 1 });
  const running = await spin.startWorkers({ workers, queue, stopWhenQueueEmpty: true });
  await running.finished;
}

describe("ours takes over what Python left", () => {
  test("[G9] ready jobs, in order, with their arguments and keyword arguments", async () => {
    await load(step("schedule_batch"));
    await using it = bench();
    await drain(it, "spinach");
    assert.deepEqual(it.runs, [
      "compute [5,3] {} 0",
      `compute ["naïve ☃ \\"quoted\\" \\\\ line\\nbreak"] ` +
        `{"b":{"nested":[1,2.5,null,true,{"id":"not-the-job-id"}]}} 0`,
      "once [] {} 0",
      "retryable [7] {} 0",
    ]);
  });

  test("[G5] limited jobs, one at a time", async () => {
    await load(step("set_concurrency_keys"));
    await using it = bench();
    await drain(it, "slow");
    assert.deepEqual(it.runs, ['limited [1] {"k":2} 0', "limited [] {} 0"]);
    assert.deepEqual(
      await redis.inspector.call("HGET", `${namespace}/_current_concurrency`, "limited"),
      "0",
    );
  });

  test("[G1] jobs that ran on a Python broker that died", async () => {
    await load(step('get_jobs_from_queue("spinach"'));
    const [deadId] = (await redis.inspector.call(
      "ZRANGE",
      `${namespace}/_all_brokers_zset`,
      "0",
      "-1",
    )) as [string];
    await using it = bench();
    const broker = new RedisBroker(redis.url);
    const rescuer = new Engine(broker, { namespace });
    await rescuer.startWorkers({ workers: new AsyncWorkers(), queue: "nobody" });
    const reply = await broker.rescue(deadId);
    assert.equal(reply.reenqueued, 2);
    assert.equal(reply.failed.length, 3);
    await rescuer.close();
    await drain(it, "spinach");
    await drain(it, "slow");
    const taken = it.runs.filter((run) => !run.startsWith("tick"));
    // What was rescued goes to the tail of its queue.
    const expected = ["retryable [7] {} 1", "limited [] {} 0", 'limited [1] {"k":2} 1'];
    assert.deepEqual(taken, expected);
  });

  test("[G9] future jobs stay until they are due, and nothing of Python's is deleted", async () => {
    await load(step("register_periodic_tasks"));
    await using it = bench();
    await drain(it, "spinach");
    const future = `${namespace}/_future-jobs`;
    assert.equal(await redis.inspector.call("ZCARD", future), 2);
    const [first = ""] = (await redis.inspector.call("ZRANGE", future, "0", "0")) as string[];
    await redis.inspector.call("ZADD", future, "1", first);
    await drain(it, "spinach");
    assert.equal(it.runs.at(-1), "compute [1] {} 0");
    assert.equal(await redis.inspector.call("ZCARD", future), 1);
  });

  test("[G10] a periodic task keeps the rhythm that Python gave it", async () => {
    await load(step("register_periodic_tasks"));
    await redis.inspector.call("ZADD", `${namespace}/_periodic_tasks_queue`, "1000", "tick");
    await using it = bench();
    await drain(it, "spinach");
    assert.ok(it.runs.includes("tick [] {} 0"));
    const next = Number(
      await redis.inspector.call("ZSCORE", `${namespace}/_periodic_tasks_queue`, "tick"),
    );
    assert.equal(next % 5, 0, "the grid of 5 s from 1000");
    assert.ok(next > Date.now() / 1000);
  });

  test("[G10] what a Python process deleted when it started is stated again", async () => {
    await redis.inspector.call("FLUSHALL");
    const broker = new RedisBroker(redis.url);
    const spin = new Engine(broker, { namespace });
    const tick = testTask("tick", { periodicity: 5000, maxConcurrency: 2 });
    await broker.start();
    await broker.register([tick]);
    // Source: spinach/brokers/redis_scripts/register_periodic_tasks.lua, set_concurrency_keys.lua
    for (const key of ["_periodic_tasks_hash", "_max_concurrency", "_current_concurrency"]) {
      await redis.inspector.call("HDEL", `${namespace}/${key}`, "tick");
    }
    await redis.inspector.call("ZREM", `${namespace}/_periodic_tasks_queue`, "tick");
    await broker.register([tick]);
    assert.equal(await redis.inspector.call("HGET", `${namespace}/_max_concurrency`, "tick"), "2");
    assert.ok(await redis.inspector.call("ZSCORE", `${namespace}/_periodic_tasks_queue`, "tick"));
    await spin.close();
  });

  test("[G10] a periodic task that a Python process deleted when it started misses no run", async () => {
    await redis.inspector.call("FLUSHALL");
    const broker = new RedisBroker(redis.url);
    const spin = new Engine(broker, { namespace });
    await broker.start();
    await broker.register([testTask("tick", { periodicity: 200 })]);
    const planned = Number(
      await redis.inspector.call("ZSCORE", `${namespace}/_periodic-exact`, "tick"),
    );
    // Python adds it to a whole second, and stops at a fraction.
    const text = await redis.inspector.call("HGET", `${namespace}/_periodic_tasks_hash`, "tick");
    assert.match(String(text), /"periodicity":1,"period_ms":200,/v);
    await redis.inspector.call("DEL", `${namespace}/_periodic_tasks_hash`);
    await redis.inspector.call("DEL", `${namespace}/_periodic_tasks_queue`);
    const { job } = await until("it has run", async () => {
      await broker.tick();
      const { jobs } = await broker.exchange({ outcomes: [], queues: ["spinach"], max: 1 });
      return jobs[0];
    });
    assert.equal(job.taskName, "tick");
    const next = Number(
      await redis.inspector.call("ZSCORE", `${namespace}/_periodic-exact`, "tick"),
    );
    const periods = (next - planned) / 0.2;
    assert.ok(Math.abs(periods - Math.round(periods)) < 1e-3, "it keeps its rhythm");
    assert.ok(await redis.inspector.call("HGET", `${namespace}/_periodic_tasks_hash`, "tick"));

    // One that is periodic no more does not come back.
    await broker.register([testTask("tick")]);
    assert.deepEqual(await broker.tick(), { nextDueMs: undefined });
    await spin.close();
  });

  test("a job that a Python script wrote, with {} for an empty list", async () => {
    await load(step("move_future_jobs() with tick due"));
    await using it = bench();
    await drain(it, "spinach");
    assert.equal(it.runs[0], "tick [] {} 0");
  });
});

describe("periodic tasks in one namespace with Python", () => {
  const planned = `${namespace}/_periodic_tasks_queue`;

  test("[G10] Python reads when they run next, in whole seconds; ours keeps to the millisecond", async () => {
    await redis.inspector.call("FLUSHALL");
    await using it = bench();
    const runsAtMs: number[] = [];
    const enough = Promise.withResolvers<void>();
    it.spin.task("quick", { periodicity: 50 }, () => {
      runsAtMs.push(performance.now());
      if (runsAtMs.length === 10) enough.resolve();
    });
    await it.spin.startWorkers({ workers: new AsyncWorkers() });
    await within("it has run ten times", enough.promise);
    const gapsMs = runsAtMs.slice(1).map((atMs, index) => atMs - (runsAtMs[index] ?? 0));
    assert.ok(Math.min(...gapsMs) < 500, `more than one in a second: ${gapsMs.join(", ")}`);
    // Source: spinach/brokers/redis.py next_future_periodic_delta, score_cast_func=int
    for (const task of ["tick", "quick"]) {
      const second = await redis.inspector.call("ZSCORE", planned, task);
      assert.ok(Number.isInteger(second), `${task}: ${String(second)}`);
    }
  });

  test("[G10] a run that Python made is not made again", async () => {
    await redis.inspector.call("FLUSHALL");
    const broker = new RedisBroker(redis.url);
    const spin = new Engine(broker, { namespace });
    await broker.start();
    await broker.register([testTask("tick", { periodicity: 5000 })]);
    const next = Math.ceil(Date.now() / 1000) + 100;
    await redis.inspector.call("ZADD", planned, String(next), "tick");
    await redis.inspector.call("ZADD", `${namespace}/_periodic-exact`, "1000", "tick");
    const { nextDueMs = 0 } = await broker.tick();
    assert.ok(nextDueMs > 90_000);
    assert.equal(await redis.inspector.call("LLEN", `${namespace}/spinach`), 0);
    await spin.close();
  });
});

describe("ours leaves what Python reads", () => {
  const fields = ["at", "at_us", "id", "max_retries", "queue", "retries", "status"];
  const jobFields = [...fields, "task_args", "task_kwargs", "task_name"];

  test("keys of the same types, and jobs of the same fields", async () => {
    await redis.inspector.call("FLUSHALL");
    await using it = bench();
    await it.spin.schedule("compute", 5, 3);
    await it.spin.scheduleAt("compute", new Date(Date.UTC(2031, 4, 6)), 1);
    await it.spin.startWorkers({ workers: new AsyncWorkers(), queue: "nobody" });
    await it.spin.schedule("limited");
    await until("the limit is stated", async () => {
      return (await redis.inspector.call("EXISTS", `${namespace}/_max_concurrency`)) === 1;
    });
    const ready = (await redis.inspector.call(
      "LRANGE",
      `${namespace}/spinach`,
      "0",
      "-1",
    )) as string[];
    const future = (await redis.inspector.call(
      "ZRANGE",
      `${namespace}/_future-jobs`,
      "0",
      "-1",
    )) as string[];
    for (const wire of [...ready, ...future]) {
      assert.deepEqual(Object.keys(JSON.parse(wire) as object).toSorted(), jobFields);
    }
    for (const [key, python] of Object.entries(step("move_future_jobs() with nothing due"))) {
      const type = await redis.inspector.call("TYPE", key);
      assert.equal(type, python.type, key);
    }
    const tick = String(
      await redis.inspector.call("HGET", `${namespace}/_periodic_tasks_hash`, "tick"),
    );
    const recorded = step("register_periodic_tasks")[`${namespace}/_periodic_tasks_hash`];
    assert.ok(recorded?.type === "hash");
    assert.deepEqual(JSON.parse(tick), JSON.parse(recorded.value["tick"] ?? ""));
    const [info = ""] = (await redis.inspector.call(
      "HVALS",
      `${namespace}/_all_brokers_hash`,
    )) as string[];
    const { lease_ms: lease, ...shared } = JSON.parse(info) as Record<string, unknown>;
    assert.deepEqual(Object.keys(shared), [
      "id",
      "name",
      "started_at",
      "namespace",
      "last_seen_at",
    ]);
    assert.equal(lease, 10_000);
  });
});
