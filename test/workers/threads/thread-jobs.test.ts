import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";

import {
  AbortError,
  InvalidJobArgumentsError,
  InvalidJobSignatureError,
  RetryError,
} from "../../../src/core/errors.ts";
import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import { ThreadWorkers } from "../../../src/workers/threads/thread-workers.ts";
import { living, ThreadBench } from "./thread-bench.ts";

afterEach(() => {
  assert.equal(living.size, 0, "[G15] no thread is left");
});

describe("errors from a thread", () => {
  it("keep name, message, stack, code, fields and causes", async () => {
    await using bench = await new ThreadBench(new ThreadWorkers({ number: 1 })).start();
    const error = await bench.failure({}, "failCustom");
    assert.ok(error instanceof Error && "code" in error && "amount" in error);
    assert.deepEqual(
      [error.name, error.message, error.code, error.amount],
      ["PaymentError", "declined", "E_PAYMENT", 42],
    );
    assert.match(error.stack ?? "", /programs\/tasks\.ts/v);
    assert.ok(!("retryable" in error), "a function cannot come along");
    assert.ok(error.cause instanceof RangeError);
    assert.deepEqual([error.cause.message, error.cause.cause], ["limit", "deep"]);
  });

  it("keep the errors of an AggregateError", async () => {
    await using bench = await new ThreadBench(new ThreadWorkers({ number: 1 })).start();
    const error = await bench.failure({}, "failAll");
    assert.ok(error instanceof AggregateError);
    const [one, two] = error.errors as readonly unknown[];
    assert.ok(one instanceof TypeError);
    assert.deepEqual([one.message, two], ["one", "two"]);
  });

  it("are a RetryError with its date, and an AbortError, as these were thrown", async () => {
    await using bench = await new ThreadBench(new AsyncWorkers({ number: 1, threads: 1 })).start();
    const retry = await bench.failure({}, "retryAt", 1_800_000_000_000);
    assert.ok(retry instanceof RetryError);
    assert.equal(retry.at?.getTime(), 1_800_000_000_000);
    assert.ok((await bench.failure({}, "abort")) instanceof AbortError);
    const custom = await bench.failure({}, "abortCustom");
    assert.ok(
      custom instanceof AbortError,
      "a class that extends one of ours is still one of ours",
    );
    assert.ok("card" in custom);
    assert.deepEqual(
      [custom.name, custom.message, custom.card],
      ["CardDeclined", "declined", 4242],
    );
  });
});

describe("in a thread", () => {
  it("[G3] arguments arrive byte for byte", async () => {
    await using bench = await new ThreadBench(new ThreadWorkers({ number: 1 })).start();
    const args = [[], {}, 1 / 3, '\u{1F33F}\u2028;"', { a: [null, -1e-7] }, "x".repeat(5000)];
    assert.deepEqual(await bench.run("echo", ...args), args);
  });

  it("the logger of a job writes to that of the engine, at the levels which that has", async () => {
    await using bench = await new ThreadBench(new ThreadWorkers({ number: 1 })).start();
    await bench.run("log", "warn");
    const line = bench.logger.lines.find(({ message }) => message === "a line");
    assert.ok(line !== undefined);
    const { err, n, task, fn } = line.fields as Record<string, unknown>;
    assert.ok(err instanceof Error && "code" in err);
    assert.deepEqual([line.level, err.code, n, task], ["warn", "E_LOG", 1, "log"]);
    assert.equal(typeof fn, "string", "what cannot cross is told of as text");
  });

  it("scheduleSync() blocks until the broker has the job, and schedule() awaits it", async () => {
    await using bench = await new ThreadBench(new ThreadWorkers({ number: 1 })).start();
    const job = (await bench.run("scheduleSync", "echo", 1, { two: [3] })) as Record<
      string,
      unknown
    >;
    assert.deepEqual([job["taskName"], job["args"]], ["echo", [1, { two: [3] }]]);
    assert.match(String(await bench.run("schedule", "echo")), /^[\da-f\-]{36}$/v);
    assert.deepEqual(
      bench.scheduled.map(({ args }) => args),
      [[1, { two: [3] }], []],
    );
  });

  it("scheduleIn() and scheduleInSync() bring the delay to the engine, and refuse what is none", async () => {
    await using bench = await new ThreadBench(new ThreadWorkers({ number: 1 })).start();
    await bench.run("scheduleIn", 7);
    assert.deepEqual(
      bench.scheduled.map(({ at, delayMs }) => [at, delayMs]),
      [
        [undefined, 7],
        [undefined, 7],
      ],
    );
    await assert.rejects(bench.run("scheduleIn", -1), /scheduleInSync: ms must be/v);
  });

  it("scheduling fails with the errors of the engine", async () => {
    await using bench = await new ThreadBench(new ThreadWorkers({ number: 1 })).start();
    for (const task of ["schedule", "scheduleSync"]) {
      const error = await bench.failure({}, task, "exit");
      assert.ok(error instanceof InvalidJobSignatureError, String(error));
      assert.equal(error.requiredArgs, 1);
    }
    assert.ok(!(InvalidJobArgumentsError.prototype instanceof InvalidJobSignatureError));
  });

  it("more than a thread can be given fails its job for good, in the user's words, and the next one runs", async () => {
    await using bench = await new ThreadBench(new ThreadWorkers({ number: 1 })).start();
    const large = bench.submit({ maxRetries: 3 }, "echo", "x".repeat(65 * 1024 * 1024));
    const next = bench.submit({}, "echo", 1);
    const { result } = await large.ended;
    assert.ok(!result.ok && result.error instanceof AbortError, "no retry makes it smaller");
    assert.match(
      result.error.message,
      /thread cannot be given a job of task "echo" of 6815\d{4} bytes, .* at most 67108864: let the job carry the name/v,
    );
    assert.ok((await next.ended).result.ok);
  });

  it("more than a thread can schedule is refused in the user's words", async () => {
    await using bench = await new ThreadBench(new ThreadWorkers({ number: 1 })).start();
    const errors = (await bench.run("scheduleLarge", 65)) as readonly string[];
    assert.equal(errors.length, 2);
    for (const error of errors) {
      assert.match(
        error,
        /^RangeError: .*thread cannot schedule a job of task "echo" of 6815\d{4} bytes/v,
      );
    }
    assert.deepEqual(await bench.run("echo", 2), [2]);
  });

  it("maxJobsPerThread renews threads, and no job is lost", async () => {
    const workers = new ThreadWorkers({ number: 2, maxJobsPerThread: 3 });
    await using bench = await new ThreadBench(workers).start();
    const jobs = Array.from({ length: 20 }, async () => bench.run("threadId"));
    const counts = Map.groupBy(await Promise.all(jobs), (id) => id);
    assert.ok(counts.size >= 7, `${counts.size} threads`);
    for (const [id, ofThread] of counts) assert.ok(ofThread.length <= 3, `thread ${String(id)}`);
  });

  it("jobs go to the thread that is free: a slow one holds up nobody else", async () => {
    await using bench = await new ThreadBench(new ThreadWorkers({ number: 2 })).start();
    const slow = bench.submit({}, "sleepForever");
    await slow.started;
    const ids = await Promise.all(Array.from({ length: 10 }, async () => bench.run("threadId")));
    assert.equal(new Set(ids).size, 1);
  });

  for (const idle of ["block", "loop"] as const) {
    it(`idle "${idle}": what a task leaves alive is served between jobs`, async () => {
      await using bench = await new ThreadBench(new ThreadWorkers({ number: 1, idle })).start();
      await bench.run("leaveTimer", 30);
      // No job comes that could wake the thread.
      await bench.lines(1);
      assert.equal(bench.logger.lines[0]?.message, "the timer fired");
    });
  }
});

describe("ThreadWorkers", () => {
  it("refuses options that are not valid, naming the option and the value", () => {
    const refused = [
      [{ number: 0 }, /number must be .* got 0/v],
      [{ number: 1e9 }, /number must be at most 1024, got 1000000000/v],
      [{ maxJobsPerThread: 0.5 }, /maxJobsPerThread must be .* got 0\.5/v],
      [{ timeoutGrace: -1 }, /timeoutGrace must be .* got -1/v],
      [{ readyTimeout: 0 }, /readyTimeout must be .* got 0/v],
      [{ idle: "sleep" }, /idle must be "block" or "loop", got "sleep"/v],
      [{ resourceLimits: { stackSizeMb: -1 } }, /resourceLimits\.stackSizeMb must be .* got -1/v],
      [{ resourceLimits: { heap: 1 } }, /there is no option "heap"/v],
      [{ threads: 2 }, /there is no option "threads"/v],
    ] as const;
    for (const [options, message] of refused) {
      assert.throws(
        () => new ThreadWorkers(options as object),
        { message },
        JSON.stringify(options),
      );
    }
  });
});

describe("AsyncWorkers of the most jobs at once", () => {
  for (const threads of [0, 2]) {
    it(`start, run a job and stop, with ${threads} threads`, { timeout: 60_000 }, async () => {
      const workers = new AsyncWorkers({ number: 100_000, threads });
      await using bench = await new ThreadBench(workers).start();
      assert.equal(workers.availableSlots, 100_000);
      assert.deepEqual(await bench.run("echo", 1), [1]);
    });
  }
});
