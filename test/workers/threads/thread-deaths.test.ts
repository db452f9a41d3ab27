import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { afterEach, describe, it, mock } from "node:test";
import workerThreads from "node:worker_threads";

import { MAX_TIMER_MS } from "../../../src/core/constants.ts";
import { JobTimeoutError, LeaseLostError, WorkersStoppedError } from "../../../src/core/errors.ts";
import type { StoredJob } from "../../../src/core/job.ts";
import { Tasks } from "../../../src/core/tasks.ts";
import {
  TaskNotInThreadsError,
  ThreadDiedError,
  ThreadStartError,
} from "../../../src/core/thread-errors.ts";
import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import { ThreadWorkers } from "../../../src/workers/threads/thread-workers.ts";
import { temporaryFolder } from "../../brokers/sqlite/temporary-folder.ts";
import { HandTimers, living, made, ThreadBench } from "./thread-bench.ts";

afterEach(() => {
  assert.equal(living.size, 0, "[G15] no thread is left");
  delete process.env["SPINACH_TEST_THROW"];
  delete process.env["SPINACH_TEST_START"];
});

/** When the pool first looks whether a job has started, in ms. */
const START_LOOK_MS = 2;

/** How long a stop waits after it has aborted the signals, and then for a thread that ends by itself, in ms. */
const ABORT_GRACE_MS = 1000;
const THREAD_END_MS = 1000;

/** How long a thread has to say that it has given a job up, in ms. */
const SAY_SO_MS = 1000;

function blockUntilThereIs(file: string): void {
  const endMs = performance.now() + 10_000;
  while (!existsSync(file)) assert.ok(performance.now() < endMs, `there is no ${file}`);
}

function assertDied(error: unknown, exitCode: number): asserts error is ThreadDiedError {
  assert.ok(error instanceof ThreadDiedError, String(error));
  assert.deepEqual([error.code, error.exitCode], ["THREAD_DIED", exitCode]);
}

describe("[G13] a thread that dies", () => {
  it("by process.exit() fails its own job only, and is replaced", async () => {
    await using bench = await new ThreadBench(new ThreadWorkers({ number: 2 })).start();
    const other = bench.submit({}, "loopUntilAborted");
    await other.started;
    assertDied(await bench.failure({}, "exit", 7), 7);
    assert.deepEqual(await bench.run("echo", 1), [1]);
    bench.workers.abort(({ job }) => new LeaseLostError(job.taskName));
    const { result } = await other.ended;
    assert.ok(!result.ok && result.error instanceof LeaseLostError);
  });

  it("of an uncaught error, or an unhandled rejection, says so in the cause", async () => {
    await using bench = await new ThreadBench(new ThreadWorkers({ number: 1 })).start();
    for (const [task, message] of [
      ["throwLater", "nobody catches this"],
      ["rejectUnheard", "nobody handles this"],
    ] as const) {
      const error = await bench.failure({}, task);
      assertDied(error, 1);
      assert.ok(error.cause instanceof Error);
      assert.equal(error.cause.message, message);
    }
  });

  it("out of memory fails its own job only", async () => {
    const resourceLimits = { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 8 };
    await using bench = await new ThreadBench(
      new ThreadWorkers({ number: 1, resourceLimits }),
    ).start();
    const error = await bench.failure({}, "eatMemory");
    assertDied(error, 1);
    assert.ok(error.cause instanceof Error && "code" in error.cause);
    assert.equal(error.cause.code, "ERR_WORKER_OUT_OF_MEMORY");
    assert.deepEqual(await bench.run("echo"), []);
  });

  it("at a random instant loses no job", async () => {
    await using bench = await new ThreadBench(new ThreadWorkers({ number: 2 })).start();
    const outcomes: string[] = [];
    for (let round = 0; round < 15; round += 1) {
      const jobs = Array.from({ length: 60 }, (_, index) => bench.submit({}, "echo", index));
      await jobs[round * 3]?.ended;
      const victim = made.findLast((worker) => living.has(worker));
      await victim?.terminate();
      for (const { result } of await Promise.all(jobs.map(async ({ ended }) => ended))) {
        if (!result.ok) assertDied(result.error, 1);
        outcomes.push(result.ok ? "succeeded" : "died");
      }
    }
    assert.equal(outcomes.length, 900);
    // At most the job that ran, each time.
    assert.ok(outcomes.filter((outcome) => outcome === "died").length <= 15);
  });

  it("takes the other jobs of its event loop along, as deaths of theirs", async () => {
    await using bench = await new ThreadBench(new AsyncWorkers({ number: 2, threads: 1 })).start();
    const other = bench.submit({}, "sleepForever");
    await other.started;
    assertDied(await bench.failure({}, "exit", 9), 9);
    const { result } = await other.ended;
    assert.ok(!result.ok);
    assertDied(result.error, 9);
  });
});

describe("[G14] a timeout", () => {
  it("of a task that loops forever ends its thread, fails that job only, and the pool is whole", async () => {
    await using bench = await new ThreadBench(
      new ThreadWorkers({ number: 2, timeoutGrace: 20 }),
    ).start();
    const other = bench.submit({}, "sleepForever");
    await other.started;
    const error = await bench.failure({ timeout: 20 }, "loopForever");
    assert.ok(error instanceof JobTimeoutError);
    assert.equal(bench.workers.availableSlots, 0, "the thread has not ended yet");
    await bench.slots(1);
    const ids = await Promise.all([bench.run("threadId"), bench.run("threadId")]);
    assert.equal(new Set(ids).size, 1);
    await bench.stop();
    const { result } = await other.ended;
    assert.ok(!result.ok && result.error instanceof WorkersStoppedError);
  });

  it("kills no other job if its own has just failed, and the main thread has not heard so yet", async () => {
    const folder = temporaryFolder();
    const file = (name: string): string => folder.file(name);
    const timers = new HandTimers();
    const workers = new ThreadWorkers({ number: 1, timeoutGrace: 777 });
    await using bench = await new ThreadBench(workers, undefined, timers).start();
    const late = bench.submit(
      { timeout: 60_000 },
      "blockUntil",
      file("1 started"),
      file("1 end"),
      "its own end",
    );
    const next = bench.submit({}, "blockUntil", file("2 started"), file("2 end"), "");
    // The jobs go to the thread.
    await timers.yield();
    blockUntilThereIs(file("1 started"));
    assert.equal(timers.fire(START_LOOK_MS), 1);
    await late.started;
    assert.equal(timers.fire(60_000), 1, "its time is over");
    // From here on this event loop does not turn until the next job has started.
    writeFileSync(file("1 end"), "");
    blockUntilThereIs(file("2 started"));
    assert.equal(timers.fire(777), 1, "its grace, too");
    writeFileSync(file("2 end"), "");
    const results = [await late.ended, await next.ended].map(({ result }) =>
      result.ok ? "succeeded" : String(result.error),
    );
    folder.remove();
    assert.deepEqual(results, ["RangeError: its own end", "succeeded"]);
  });

  it("leaves an event loop all its slots if the job has ended before the main thread heard of it", async () => {
    const folder = temporaryFolder();
    const file = (name: string): string => folder.file(name);
    const timers = new HandTimers();
    const workers = new AsyncWorkers({ number: 3, threads: 1, timeoutGrace: 777 });
    await using bench = await new ThreadBench(workers, undefined, timers).start();
    const late = bench.submit({ timeout: 60_000 }, "blockUntil", file("1 started"), file("1"), "");
    const next = bench.submit({}, "blockUntil", file("2 started"), file("2"), "");
    await timers.yield();
    blockUntilThereIs(file("1 started"));
    assert.equal(timers.fire(START_LOOK_MS), 1);
    await late.started;
    assert.equal(timers.fire(60_000), 1, "its time is over");
    // From here on this event loop does not turn until the next job has started.
    writeFileSync(file("1"), "");
    blockUntilThereIs(file("2 started"));
    assert.equal(timers.fire(777 + SAY_SO_MS), 1, "its grace, too");
    writeFileSync(file("2"), "");
    for (const { result } of await Promise.all([late.ended, next.ended])) assert.ok(result.ok);
    folder.remove();
    const threads = made.length;
    const more = [1, 2, 3].map(() => bench.submit({}, "sleepForever"));
    await Promise.all(more.map(async ({ started }) => started));
    assert.equal(made.length, threads, "on the same thread");
    const stopping = bench.stop();
    assert.equal(timers.fire(ABORT_GRACE_MS), 1);
    await stopping;
  });

  it("waits the longest grace there is, and no timer for longer, which would fire at once", async () => {
    const timers = new HandTimers();
    const workers = new AsyncWorkers({ number: 1, threads: 1, timeoutGrace: MAX_TIMER_MS });
    await using bench = await new ThreadBench(workers, undefined, timers).start();
    const late = bench.submit({ timeout: 60_000 }, "sleepForever");
    await late.started;
    assert.equal(timers.fire(60_000), 1, "its time is over");
    const inTime = timers.fire(MAX_TIMER_MS);
    const tooLate = timers.fire(MAX_TIMER_MS + SAY_SO_MS);
    const { result } = await late.ended;
    assert.ok(!result.ok && result.error instanceof JobTimeoutError);
    assert.deepEqual([inTime, tooLate], [1, 0], "its grace, too");
  });

  it("reaches code that blocks and looks at its signal", async () => {
    await using bench = await new ThreadBench(
      new ThreadWorkers({ number: 1, timeoutGrace: 60_000 }),
    ).start();
    const before = await bench.run("threadId");
    const error = await bench.failure({ timeout: 20 }, "loopUntilAborted");
    assert.ok(error instanceof JobTimeoutError);
    assert.equal(await bench.run("threadId"), before, "the thread lives on");
  });

  it("of a blocked event loop ends its thread", async () => {
    await using bench = await new ThreadBench(
      new AsyncWorkers({ number: 2, threads: 1, timeoutGrace: 0 }),
    ).start();
    const other = bench.submit({}, "sleepForever");
    await other.started;
    assert.ok((await bench.failure({ timeout: 20 }, "loopForever")) instanceof JobTimeoutError);
    const { result } = await other.ended;
    assert.ok(!result.ok);
    assertDied(result.error, 1);
    assert.deepEqual(await bench.run("echo"), []);
  });
});

describe("[G8] a lost lease", () => {
  it("ends the thread of a task that blocks, whatever its timeout", async () => {
    await using bench = await new ThreadBench(
      new ThreadWorkers({ number: 1, timeoutGrace: 20 }),
    ).start();
    const job = bench.submit({ timeout: 600_000 }, "loopForever");
    await job.started;
    bench.workers.abort(({ job: { taskName } }) => new LeaseLostError(taskName));
    const { result } = await job.ended;
    assert.ok(!result.ok && result.error instanceof LeaseLostError);
    assert.deepEqual(await bench.run("echo"), []);
  });
});

describe("[G11] stop()", () => {
  it("ends threads that loop forever", async () => {
    const bench = await new ThreadBench(new ThreadWorkers({ number: 1 })).start();
    const job = bench.submit({}, "loopForever");
    await job.started;
    await bench.stop();
    const { result } = await job.ended;
    assert.ok(!result.ok && result.error instanceof WorkersStoppedError);
    assert.equal(living.size, 0);
  });

  it("does not wait for threads whose jobs it has given up to end by themselves", async () => {
    const timers = new HandTimers();
    const workers = new ThreadWorkers({ number: 1 });
    const bench = await new ThreadBench(workers, undefined, timers).start();
    const folder = temporaryFolder();
    const job = bench.submit({}, "blockUntil", folder.file("started"), folder.file("never"), "");
    await timers.yield();
    blockUntilThereIs(folder.file("started"));
    assert.equal(timers.fire(START_LOOK_MS), 1);
    const stopping = bench.stop(0);
    assert.equal(timers.fire(ABORT_GRACE_MS), 1, "the job is given up");
    assert.equal(timers.fire(THREAD_END_MS), 0, "and its thread is terminated at once");
    await stopping;
    folder.remove();
    const { result } = await job.ended;
    assert.ok(!result.ok && result.error instanceof WorkersStoppedError);
  });

  it("while the threads start ends them", async () => {
    const bench = new ThreadBench(new ThreadWorkers({ number: 2 }));
    const starting = bench.start();
    await bench.stop();
    await starting;
    assert.equal(living.size, 0);
    assert.deepEqual(bench.events, []);
  });

  it("gives back what waits for a thread, and reports nothing of it", async () => {
    await using bench = await new ThreadBench(new ThreadWorkers({ number: 1 })).start();
    const running = bench.submit({}, "loopUntilAborted");
    await running.started;
    const waiting = [bench.submit({}, "echo", 1), bench.submit({}, "echo", 2)];
    assert.deepEqual([bench.workers.availableSlots, bench.workers.ahead?.count], [0, 2]);
    assert.deepEqual(
      bench.workers.ahead?.takeBack(),
      waiting.map(({ stored }) => stored),
    );
    assert.deepEqual(bench.workers.running, [running.stored]);
    // Once they are in the queue as well. The thread may be just leaving that: then the next try gets them.
    const later = bench.submit({}, "echo", 3);
    const back: StoredJob[] = [];
    while (back.length === 0) {
      await new Promise(setImmediate);
      back.push(...(bench.workers.ahead?.takeBack() ?? []));
    }
    assert.deepEqual(back, [later.stored]);
  });
});

describe("[G13] threads that cannot start", () => {
  it("are an error of startWorkers, with the cause", async () => {
    const { tasks } = await import("./programs/throws-if-told.ts");
    process.env["SPINACH_TEST_THROW"] = "1";
    const bench = new ThreadBench(new ThreadWorkers({ number: 2 }), tasks);
    await assert.rejects(bench.start(), (error: unknown) => {
      assert.ok(error instanceof ThreadStartError && error.cause instanceof RangeError);
      assert.match(
        error.message,
        /could not start: module file:.*throws-if-told\.ts could not be loaded: told to throw$/v,
      );
      return true;
    });
    assert.equal(living.size, 0);
    await bench.stop();
    assert.deepEqual(bench.events, []);
  });

  it("in time are refused", async () => {
    const { tasks } = await import("./programs/hangs.ts");
    const bench = new ThreadBench(new ThreadWorkers({ number: 1, readyTimeout: 2000 }), tasks);
    const startedMs = performance.now();
    await assert.rejects(
      bench.start(),
      /module file:.*hangs\.ts could not .* loaded its modules within 2000 ms \(option readyTimeout\)/v,
    );
    const tookMs = performance.now() - startedMs;
    assert.ok(tookMs < 15_000, `it took ${tookMs} ms`);
  });

  it("name the module, and what is wrong with it, whatever that is", async () => {
    const program = (text: string): string => `data:text/javascript,${encodeURIComponent(text)}`;
    const cases: ReadonlyArray<readonly [module: string, problem: RegExp]> = [
      ["file:///no/such/tasks.js", /: Cannot find module '\/no\/such\/tasks\.js'/v],
      ["no-such-package", /: Cannot find package 'no-such-package'/v],
      [program("let = 5;"), /: .*(?:Unexpected|let)/v],
      [program("throw 'a text'"), /: a text$/v],
      [program("process.exit(0)"), /: it ended with exit code 0 .*process\.exit\(\)\?$/v],
    ];
    for (const [module, problem] of cases) {
      const tasks = new Tasks({ module });
      tasks.task("noop", () => undefined);
      const bench = new ThreadBench(new ThreadWorkers({ number: 1 }), tasks);
      await assert.rejects(bench.start(), ({ message }: Error) => {
        const start = `a worker thread could not start: module ${module} could not be loaded`;
        assert.ok(message.startsWith(start), message);
        assert.match(message.slice(start.length), problem);
        return true;
      });
    }
  });

  it("any more are tried again with growing pauses, and no job is lost", async () => {
    const { tasks } = await import("./programs/throws-if-told.ts");
    const bench = await new ThreadBench(new ThreadWorkers({ number: 1 }), tasks).start();
    const before = made.length;
    process.env["SPINACH_TEST_THROW"] = "1";
    assertDied(await bench.failure({}, "exit"), 3);
    const waiting = bench.submit({}, "noop");
    await bench.lines(3);
    delete process.env["SPINACH_TEST_THROW"];
    assert.ok((await waiting.ended).result.ok);
    const delays = bench.logger.lines.map(({ fields }) => Number(Reflect.get(fields, "delayMs")));
    assert.ok(
      delays.every((delay, index) => delay >= 50 * 2 ** (index + 1)),
      String(delays),
    );
    assert.ok(made.length - before <= delays.length + 1, "no more threads than tries");
    await bench.stop();
  });

  it("because the system gives no thread are an error, and tried again later", async () => {
    await using bench = await new ThreadBench(new ThreadWorkers({ number: 1 })).start();
    const noThread = mock.method(workerThreads, "Worker", () => {
      throw new Error("ERR_WORKER_INIT_FAILED: EAGAIN");
    });
    syncBuiltinESMExports();
    try {
      assertDied(await bench.failure({}, "exit", 7), 7);
      await bench.lines(1);
      await assert.rejects(
        new ThreadBench(new ThreadWorkers({ number: 2 })).start(),
        (error) => error instanceof ThreadStartError && String(error).includes("EAGAIN"),
      );
    } finally {
      noThread.mock.restore();
      syncBuiltinESMExports();
    }
    const job = bench.run("echo", 1);
    assert.match(bench.logger.lines[0]?.message ?? "", /ended before it was of use/v);
    assert.deepEqual(await job, [1]);
  });

  it("because a module gives other tasks are refused, and the message lists these", async () => {
    const { tasks } = await import("./programs/differs.ts");
    const bench = new ThreadBench(new ThreadWorkers({ number: 1 }), tasks);
    await assert.rejects(bench.start(), /differs\.ts .*missing "mainOnly"; extra "threadOnly"/v);
  });

  it("because a task has no module are refused before any is made", async () => {
    const homeless = new Tasks();
    homeless.task("here", () => undefined);
    const before = made.length;
    const bench = new ThreadBench(new ThreadWorkers({ number: 1 }), homeless);
    await assert.rejects(bench.start(), {
      name: "TypeError",
      message: /ThreadWorkers cannot run "here" of queue "spinach".* module: import\.meta\.url/v,
    });
    assert.equal(made.length, before);
  });

  it("a task of another queue that has no module stops nobody, but its job fails with the remedy", async () => {
    const homeless = new Tasks({ queue: "other" });
    homeless.task("here", () => undefined);
    await using bench = await new ThreadBench(new ThreadWorkers({ number: 1 }), homeless).start();
    const error = await bench.failure({}, "here");
    assert.ok(error instanceof TaskNotInThreadsError);
    assert.match(error.message, /new Tasks\(\{ module: import\.meta\.url \}\)/v);
  });

  it("because their module starts workers itself are refused, not a fork bomb", async () => {
    const { tasks } = await import("./programs/starts-workers.ts");
    process.env["SPINACH_TEST_START"] = "1";
    const before = made.length;
    const bench = new ThreadBench(new ThreadWorkers({ number: 1 }), tasks);
    await assert.rejects(bench.start(), /in a module that worker threads load/v);
    assert.equal(made.length, before + 1);
  });
});
