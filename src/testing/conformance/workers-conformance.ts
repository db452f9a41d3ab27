import assert from "node:assert/strict";
import { describe, it } from "node:test";

import {
  JobTimeoutError,
  LeaseLostError,
  RetryError,
  WorkersStoppedError,
} from "../../core/errors.ts";
import { kwargs } from "../../core/kwargs.ts";
import { currentJob } from "../../workers/current-job.ts";
import { settled } from "../fake-runtime.ts";
import { errorOf, valueOf, WorkersBench, type WorkersKind } from "./workers-bench.ts";

type WorkersTest = (title: string, body: (bench: WorkersBench) => Promise<void>) => void;

/**
 * The promises of workers, as tests of `node:test`: call it at the top of a test file.
 *
 * @example
 * workersConformance({ name: "MyWorkers", create: (options) => new MyWorkers(options), createTime });
 */
export function workersConformance(kind: WorkersKind): void {
  const test: WorkersTest = (title, body) => {
    it(title, async () => {
      const bench = new WorkersBench(kind, 3);
      await bench.start();
      try {
        await body(bench);
      } finally {
        await bench.passUntil(bench.workers.stop({ timeout: 0 }));
      }
    });
  };
  describe(`${kind.name} keeps the contract of workers`, () => {
    runTests(test);
    timeoutTests(test);
    stopTests(test);
    lifeTests(kind);
  });
}

function runTests(test: WorkersTest): void {
  test("a task gets its arguments, and its result comes back", async (bench) => {
    assert.deepEqual(valueOf(await bench.run("echo", 1, "two", [3], { four: null })), [
      1,
      "two",
      [3],
      { four: null },
    ]);
    assert.deepEqual(valueOf(await bench.run("echoLater")), []);
  });

  test("keyword arguments come as one last object", async (bench) => {
    assert.deepEqual(valueOf(await bench.run("echo", 1, kwargs({ width: 2 }))), [1, { width: 2 }]);
    assert.deepEqual(valueOf(await bench.run("echo", 1, kwargs({}))), [1]);
  });

  test("what a task throws comes back, with name, message, code and cause", async (bench) => {
    const error = errorOf(await bench.run("fail", "too far"));
    assert.ok(error instanceof Error && "code" in error);
    assert.deepEqual(
      [error.name, error.message, error.code, error.cause],
      ["RangeError", "too far", "E_TEST", "the cause"],
    );
    assert.ok(error.stack?.includes("conformance-tasks"), error.stack);
    const later = errorOf(await bench.run("failLater", "later"));
    assert.ok(later instanceof Error);
    assert.equal(later.message, "later");
  });

  test("what a task throws need not be an error", async (bench) => {
    assert.equal(errorOf(await bench.run("throwText")), "not an error");
  });

  test("currentJob() is the job inside a task, and nothing outside", async (bench) => {
    const { stored, result } = await bench.runWith({ queue: "other" }, "describeJob");
    assert.ok(result.ok);
    assert.deepEqual(result.value, {
      id: stored.job.id,
      taskName: "describeJob",
      queue: "other",
      retries: 0,
      args: [],
      aborted: false,
    });
    assert.equal(currentJob(), undefined);
  });

  test("each job is reported as started, then once as finished", async (bench) => {
    const jobs = await Promise.all([bench.run("echo"), bench.run("fail", "x"), bench.run("echo")]);
    const ids = jobs.map(({ stored }) => stored.job.id);
    assert.deepEqual(bench.started.toSorted(), ids.toSorted());
    assert.equal(bench.finished.length, 3);
    assert.ok(jobs.every(({ durationMs }) => durationMs >= 0));
  });

  test("a slot is taken from submit() until the job has ended", async (bench) => {
    const { workers } = bench;
    assert.equal(workers.availableSlots, 3);
    const runs = ["a", "b", "c"].map((gate) => bench.run("waitForGate", gate));
    assert.equal(workers.availableSlots, 0);
    await bench.open("b", runs[1] ?? Promise.resolve());
    assert.equal(workers.availableSlots, 1);
    await Promise.all([
      bench.open("a", runs[0] ?? Promise.resolve()),
      bench.open("c", runs[2] ?? Promise.resolve()),
    ]);
    assert.equal(workers.availableSlots, 3);
  });

  test("[G8] a job whose lease is lost is told so, and its result is that", async (bench) => {
    const running = bench.run("failOnAbort");
    await settled();
    bench.workers.abort(({ job }) => new LeaseLostError(job.taskName));
    assert.ok(errorOf(await running) instanceof LeaseLostError);
  });
}

function timeoutTests(test: WorkersTest): void {
  test("[G14] a timeout aborts the signal, and the job's error says so", async (bench) => {
    const running = bench.runWith({ timeout: 10 }, "waitForAbort");
    await bench.passUntil(running);
    const error = errorOf(await running);
    assert.ok(error instanceof JobTimeoutError);
    assert.equal(error.timeoutMs, 10);
  });

  test("[G14] what the task throws at its timeout is the cause", async (bench) => {
    const running = bench.runWith({ timeout: 10 }, "failOnAbort");
    await bench.passUntil(running);
    const error = errorOf(await running);
    assert.ok(error instanceof JobTimeoutError && error.cause instanceof Error);
    assert.equal(error.cause.message, "interrupted");
  });

  test("[G14] a task that ignores its timeout is failed, and its slot is free again", async (bench) => {
    const running = bench.runWith({ timeout: 10 }, "ignoreSignal");
    assert.equal(bench.workers.availableSlots, 2);
    await bench.passUntil(running);
    assert.ok(errorOf(await running) instanceof JobTimeoutError);
    // On a thread of its own it had to be ended with it: another one takes its place.
    await bench.passUntil(bench.slots(3));
  });

  test("[G14] a task's timeout holds unless the job has its own", async (bench) => {
    const { clock } = bench.time.runtime;
    const startedAtMs = clock.monotonic();
    const own = bench.runWith({ timeout: 10, taskTimeoutMs: 60_000 }, "waitForAbort");
    await bench.passUntil(own);
    assert.ok(errorOf(await own) instanceof JobTimeoutError);
    assert.ok(clock.monotonic() - startedAtMs < 30_000, "the job's own timeout, not its task's");
    const ofTask = bench.runWith({ taskTimeoutMs: 10 }, "waitForAbort");
    await bench.passUntil(ofTask);
    assert.ok(errorOf(await ofTask) instanceof JobTimeoutError);
  });

  test("[G14] a task that ends in its grace has the last word", async (bench) => {
    const succeeded = bench.runWith({ timeout: 10 }, "succeedOnAbort");
    const retried = bench.runWith({ timeout: 10 }, "retryOnAbort");
    await bench.passUntil(Promise.all([succeeded, retried]));
    assert.equal(valueOf(await succeeded), true);
    assert.ok(errorOf(await retried) instanceof RetryError);
  });
}

function stopTests(test: WorkersTest): void {
  test("[G11] stop() waits for running jobs, and takes no more", async (bench) => {
    const running = bench.run("waitForGate", "last");
    await settled();
    const stopped = bench.workers.stop({ timeout: Infinity });
    assert.equal(bench.workers.availableSlots, 0);
    await bench.open("last", running);
    assert.equal(valueOf(await running), "last");
    await stopped;
  });

  test("[G11] stop() aborts the signals of jobs that outlast the timeout", async (bench) => {
    const running = bench.run("waitForAbort");
    await settled();
    await bench.passUntil(bench.workers.stop({ timeout: 10 }));
    assert.ok(errorOf(await running) instanceof WorkersStoppedError);
  });

  test("[G11] stop({ timeout: 0 }) aborts at once, and a job may still succeed", async (bench) => {
    const running = bench.run("succeedOnAbort");
    await settled();
    await bench.passUntil(bench.workers.stop({ timeout: 0 }));
    assert.equal(valueOf(await running), true);
  });

  test("[G11] stop() gives up jobs that ignore their signals", async (bench) => {
    const running = bench.run("ignoreSignal");
    await settled();
    await bench.passUntil(bench.workers.stop({ timeout: 10 }));
    assert.ok(errorOf(await running) instanceof WorkersStoppedError);
    assert.equal(bench.finished.length, 1);
  });

  test("[G11] a second stop() may shorten the wait, not lengthen it", async (bench) => {
    const running = bench.run("waitForAbort");
    await settled();
    const first = bench.workers.stop({ timeout: Infinity });
    const second = bench.workers.stop({ timeout: 10 });
    const third = bench.workers.stop({ timeout: 60_000 });
    const { clock } = bench.time.runtime;
    const startedAtMs = clock.monotonic();
    await bench.passUntil(Promise.all([first, second, third]));
    assert.ok(errorOf(await running) instanceof WorkersStoppedError);
    assert.ok(clock.monotonic() - startedAtMs < 30_000, "the shortest wait counts");
  });

  test("[G11] stop() resolves at once when no job runs, and twice", async (bench) => {
    await bench.run("echo");
    await bench.workers.stop({ timeout: Infinity });
    await bench.workers.stop({ timeout: Infinity });
  });
}

function lifeTests(kind: WorkersKind): void {
  it("each worker is reported as started, then as terminated", async () => {
    const bench = new WorkersBench(kind, 2);
    await bench.start();
    const started = bench.workerEvents.filter((event) => event.startsWith("started "));
    assert.ok(started.length > 0);
    await bench.workers.stop({ timeout: 0 });
    await bench.workers.stop({ timeout: 0 });
    const terminated = bench.workerEvents.filter((event) => event.startsWith("terminated "));
    assert.deepEqual(
      terminated.map((event) => event.replace("terminated", "started")).toSorted(),
      started.toSorted(),
    );
  });

  it("workers that never started can be stopped", async () => {
    await new WorkersBench(kind, 2).workers.stop({ timeout: Infinity });
  });

  it("workers start once", async () => {
    const bench = new WorkersBench(kind, 2);
    await bench.start();
    await assert.rejects(bench.start(), TypeError);
    await bench.workers.stop({ timeout: 0 });
  });
}
