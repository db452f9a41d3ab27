/** Threads in an engine. */
import assert from "node:assert/strict";
import { afterEach, describe, it, mock } from "node:test";

import { AsyncWorkers, Batch, Engine, MemoryBroker, MemoryStore, ThreadWorkers } from "spinach";

import type { ExchangeRequest } from "../../../src/brokers/broker.ts";
import { FaultBroker } from "../../../src/testing/fault-broker.ts";
import { RecordingLogger } from "../../../src/testing/recording-logger.ts";
import { within } from "../../../src/testing/waits.ts";
import { tasks } from "./programs/tasks.ts";
import { living } from "./thread-bench.ts";

/** More than the short jobs after which jobs are taken ahead. */
const BEFORE = 50;
const BEHIND = 40;

afterEach(() => {
  assert.equal(living.size, 0, "[G15] no thread is left");
});

function engineOn(store: MemoryStore): Engine {
  const spin = new Engine(new MemoryBroker({ store }), { logger: new RecordingLogger() });
  spin.attachTasks(tasks);
  return spin;
}

/** Resolves when an engine has told of so many successes. */
async function successes(spin: Engine, count: number): Promise<readonly string[]> {
  const { promise, resolve } = Promise.withResolvers<readonly string[]>();
  const ids: string[] = [];
  spin.on("jobFinished", ({ job, err }) => {
    if (err === undefined) ids.push(job.id);
    if (ids.length === count) resolve(ids);
  });
  return within(`${count} successes`, promise);
}

describe("an engine with threads", () => {
  it("[G1] gives back what waits ahead behind a job that is longer: others run it, once", async () => {
    const store = new MemoryStore();
    const spin = engineOn(store);
    const other = engineOn(store);
    const started = Promise.withResolvers<void>();
    spin.on("jobStarted", ({ job }) => {
      if (job.taskName === "loopUntilAborted") started.resolve();
    });
    const batch = new Batch();
    for (let index = 0; index < BEFORE; index += 1) batch.schedule("echo", index);
    batch.schedule("loopUntilAborted");
    for (let index = 0; index < BEHIND; index += 1) batch.schedule("echo", index);
    const jobs = await spin.scheduleBatch(batch);

    const own = successes(spin, BEFORE);
    await spin.startWorkers({ workers: new ThreadWorkers({ number: 1 }) });
    await within("the long job has started", started.promise);
    const others = successes(other, BEHIND);
    await other.startWorkers({ workers: new AsyncWorkers() });
    const ran = [...(await own), ...(await others)];
    await Promise.all([spin.close({ timeout: 0 }), other.close()]);
    const short = jobs.filter(({ taskName }) => taskName === "echo").map(({ id }) => id);
    assert.deepEqual(ran.toSorted(), short.toSorted());
  });

  it("retries a job whose thread died, if it may run again", async () => {
    const spin = engineOn(new MemoryStore());
    const retried = Promise.withResolvers<unknown>();
    spin.on("jobRetryScheduled", ({ err }) => {
      retried.resolve(err);
    });
    const failed = Promise.withResolvers<unknown>();
    spin.on("jobFailed", ({ err }) => {
      failed.resolve(err);
    });
    await spin.startWorkers({ workers: new ThreadWorkers({ number: 1 }) });
    await spin.schedule("exit", 5);
    assert.match(
      String(await within("a failure", failed.promise)),
      /ThreadDiedError: .* exit code 5/v,
    );
    await spin.schedule("exitAgain", 6);
    assert.match(
      String(await within("a retry", retried.promise)),
      /ThreadDiedError: .* exit code 6/v,
    );
    await spin.close();
  });

  it("schedules what a thread names by a task, with its options", async () => {
    const spin = engineOn(new MemoryStore());
    const retries: number[] = [];
    spin.on("jobFinished", ({ job, err }) => {
      assert.equal(err, undefined);
      if (job.taskName === "marked") retries.push(job.maxRetries);
    });
    await spin.schedule("scheduleTask");
    await spin.run({ workers: new ThreadWorkers({ number: 1 }), stopWhenQueueEmpty: true });
    assert.deepEqual(retries, [3]);
  });

  it("ends by itself when the queue is empty, and jobs that tasks scheduled have run", async () => {
    const spin = engineOn(new MemoryStore());
    const done = successes(spin, 2);
    await spin.schedule("scheduleSync", "echo", "from a thread");
    await spin.run({ workers: new ThreadWorkers({ number: 2 }), stopWhenQueueEmpty: true });
    assert.equal((await done).length, 2);
  });
});

/** Most jobs that a process on threads had at once, and most that it asked for in a trip, while tiny jobs ran. */
async function mostHeld(
  isVolatile: boolean,
): Promise<{ readonly held: number; readonly asked: number }> {
  const broker = new FaultBroker(new MemoryBroker());
  mock.getter(broker, "isVolatile", () => isVolatile);
  const workers = new ThreadWorkers({ number: 2 });
  let [held, asked] = [0, 0];
  const exchange = broker.exchange.bind(broker);
  mock.method(broker, "exchange", async (request: ExchangeRequest) => {
    const reply = await exchange(request);
    asked = Math.max(asked, request.max);
    held = Math.max(held, workers.running.length + reply.count);
    return reply;
  });
  const spin = new Engine(broker, { logger: new RecordingLogger() });
  spin.attachTasks(tasks);
  const batch = new Batch();
  for (let index = 0; index < 500; index += 1) batch.schedule("echo", index);
  await spin.scheduleBatch(batch);
  await spin.run({ workers, stopWhenQueueEmpty: true });
  return { held, asked };
}

describe("[G1] jobs that wait in the workers", () => {
  it("are one for each slot at most: a killed process takes no more at-most-once jobs with it", async () => {
    const { held, asked } = await mostHeld(false);
    assert.ok(held <= 4 && asked <= 4, `it held ${held} and asked for ${asked}`);
  });

  it("are more where the jobs end with the process in any case", async () => {
    const { asked } = await mostHeld(true);
    assert.ok(asked > 4, `it asked for ${asked}`);
  });
});
