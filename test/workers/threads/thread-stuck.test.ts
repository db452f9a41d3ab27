import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, it } from "node:test";

import { Engine, MemoryBroker } from "spinach";

import { JobTimeoutError } from "../../../src/core/errors.ts";
import { ThreadDiedError, ThreadStartError } from "../../../src/core/thread-errors.ts";
import { RecordingLogger } from "../../../src/testing/recording-logger.ts";
import { until, within } from "../../../src/testing/waits.ts";
import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import { ThreadWorkers } from "../../../src/workers/threads/thread-workers.ts";
import { temporaryFolder } from "../../brokers/sqlite/temporary-folder.ts";
import { stayInNativeCode, tasks } from "./programs/tasks.ts";
import { living, made, type Submitted, ThreadBench } from "./thread-bench.ts";

let folder: ReturnType<typeof temporaryFolder>;

beforeEach(() => {
  folder = temporaryFolder();
});

afterEach(async () => {
  writeFileSync(folder.file("end"), "");
  await within("all threads have ended", allEnded());
  folder.remove();
  delete process.env["SPINACH_TEST_END"];
});

async function allEnded(): Promise<void> {
  for (const worker of living) await once(worker, "exit");
}

/** Of the event loop. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
}

/** A job that is killed soon, and whose thread then stays in native code until the test ends. */
function stick(bench: ThreadBench): Submitted {
  const job = bench.submit(
    { timeout: 20 },
    "stayInNativeCode",
    folder.file("in"),
    folder.file("end"),
  );
  return job;
}

async function errorOf({ ended }: Submitted): Promise<unknown> {
  const { result } = await ended;
  assert.ok(!result.ok, "it succeeded");
  return result.error;
}

it("[G13] an engine whose threads are all in native code takes no job, until one works again", async () => {
  const logger = new RecordingLogger();
  await using spin = new Engine(new MemoryBroker(), { logger });
  spin.attachTasks(tasks);
  const started: string[] = [];
  spin.on("jobStarted", ({ job }) => started.push(job.taskName));
  const finished = new Map<string, () => void>();
  spin.on("jobFinished", ({ job }) => finished.get(job.taskName)?.());
  const ended = async (name: string): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    finished.set(name, resolve);
    // Less than the time after which every process looks for jobs without a reason.
    await within(`a job of ${name} has ended`, promise, 30_000);
  };
  const stuck = (count: number): boolean =>
    logger.lines.filter(({ message }) => message.includes("native code")).length === count;

  await spin.startWorkers({ workers: new ThreadWorkers({ number: 1, timeoutGrace: 0 }) });
  const task = stayInNativeCode.with({ timeout: 20 });
  for (const count of [1, 2]) {
    const end = ended("stayInNativeCode");
    await spin.schedule(task, folder.file(`${count}`), folder.file("end"));
    await end;
    await until(`${count} threads are stuck`, () => stuck(count));
  }
  const end = ended("echo");
  await spin.schedule("echo");
  await turns(20);
  assert.deepEqual(started, ["stayInNativeCode", "stayInNativeCode"]);
  writeFileSync(folder.file("end"), "");
  await end;
});

describe("[G13] a thread in native code that does not end", () => {
  it("is logged with its task and job, and another one works in its place", async () => {
    const workers = new ThreadWorkers({ number: 1, timeoutGrace: 0 });
    await using bench = await new ThreadBench(workers).start();
    const before = await bench.run("threadId");
    const stuck = stick(bench);
    assert.ok((await errorOf(stuck)) instanceof JobTimeoutError);
    assert.deepEqual([workers.availableSlots, workers.ahead.room], [0, 0], "its slot is not free");
    const next = bench.submit({}, "threadId");
    assert.equal(workers.ahead.count, 1, "a job that waits can be given back");
    const { result } = await next.ended;
    assert.ok(result.ok);
    assert.notEqual(result.value, before);
    await bench.slots(1);
    const { threadId, jobs } = { threadId: 0, jobs: [], ...bench.logger.lines[0]?.fields };
    assert.deepEqual([threadId, jobs], [before, [stuck.stored.job.id]]);
    assert.match(
      bench.logger.lines[0]?.message ?? "",
      /thread of stayInNativeCode was terminated and does not end.*: another takes its place; give what/v,
    );
    const stopping = bench.stop();
    await within("the stop does not wait for it", stopping);
    assert.equal(bench.logger.lines.length, 1, "nor is it logged again");
  });

  it("is replaced once for each thread; with more of them its slots are gone, until one has ended", async () => {
    const workers = new ThreadWorkers({ number: 1, timeoutGrace: 0 });
    await using bench = await new ThreadBench(workers).start();
    await errorOf(stick(bench));
    await bench.slots(1);
    await errorOf(stick(bench));
    const threads = made.length;
    const waiting = bench.submit({}, "echo", 1);
    await bench.lines(2);
    assert.match(
      bench.logger.lines[1]?.message ?? "",
      /its place stays empty until one of 2 such threads has ended/v,
    );
    await turns(20);
    assert.deepEqual([workers.availableSlots, workers.ahead.room, workers.ahead.count], [0, 0, 1]);
    assert.equal(made.length, threads);
    writeFileSync(folder.file("end"), "");
    assert.ok((await waiting.ended).result.ok);
    await bench.slots(1);
  });

  it("takes the other jobs of its event loop along, and what had not started goes to another one", async () => {
    const workers = new AsyncWorkers({ number: 2, threads: 1, timeoutGrace: 0 });
    await using bench = await new ThreadBench(workers).start();
    const other = bench.submit({}, "sleepForever");
    await other.started;
    const stuck = stick(bench);
    const next = bench.submit({}, "echo", 1);
    assert.ok((await errorOf(stuck)) instanceof JobTimeoutError);
    const error = await errorOf(other);
    assert.ok(error instanceof ThreadDiedError);
    assert.match(error.message, /does not end: it is in native code/v);
    assert.ok((await next.ended).result.ok);
    await bench.slots(2);
  });

  it("while it starts is an error of startWorkers", async () => {
    process.env["SPINACH_TEST_END"] = folder.file("end");
    const { tasks: hanging } = await import("./programs/stays-in-native-code.ts");
    const bench = new ThreadBench(new ThreadWorkers({ number: 1, readyTimeout: 500 }), hanging);
    await assert.rejects(
      within("the start has failed", bench.start()),
      (error) =>
        error instanceof ThreadStartError &&
        /within 500 ms \(option readyTimeout\)/v.test(error.message),
    );
  });
});
