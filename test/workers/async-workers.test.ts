import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { JobTimeoutError, LeaseLostError } from "../../src/core/errors.ts";
import {
  errorOf,
  TIMEOUT_GRACE_MS,
  WorkersBench,
} from "../../src/testing/conformance/workers-bench.ts";
import { workersConformance } from "../../src/testing/conformance/workers-conformance.ts";
import { FakeRuntime } from "../../src/testing/fake-runtime.ts";
import { within } from "../../src/testing/waits.ts";
import { AsyncWorkers } from "../../src/workers/async-workers.ts";

const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown): void => {
  unhandled.push(reason);
};
before(() => process.on("unhandledRejection", onUnhandled));
after(() => {
  process.off("unhandledRejection", onUnhandled);
  assert.deepEqual(unhandled, [], "[G15] no rejection was left unhandled");
});

function benchOn(runtime: FakeRuntime, number: number): WorkersBench {
  return new WorkersBench(
    {
      name: "AsyncWorkers",
      create: (options) => new AsyncWorkers(options),
      createTime: () => ({ runtime, pass: (ms) => runtime.advance(ms) }),
    },
    number,
  );
}

workersConformance({
  name: "AsyncWorkers",
  create: (options) => new AsyncWorkers(options),
  createTime: () => {
    const runtime = new FakeRuntime();
    return { runtime, pass: (ms) => runtime.advance(ms) };
  },
});

describe("AsyncWorkers", () => {
  it("refuses options that are not valid, naming the option and the value", () => {
    for (const number of [0, -1, 1.5, Number.NaN, Infinity]) {
      assert.throws(() => new AsyncWorkers({ number }), {
        name: "RangeError",
        message: new RegExp(`^AsyncWorkers: number must be .*got ${number}$`, "v"),
      });
    }
    const text: unknown = "5";
    assert.throws(() => new AsyncWorkers({ number: text as number }), TypeError);
    assert.throws(() => new AsyncWorkers({ timeoutGrace: -1 }), RangeError);
    assert.throws(() => new AsyncWorkers({ threads: -1 }), RangeError);
    assert.throws(
      () => new AsyncWorkers({ number: 2, threads: 3 }),
      /threads must be at most 2, got 3/v,
    );
    assert.throws(
      () => new AsyncWorkers({ number: 5000, threads: 1025 }),
      /threads must be at most 1024, got 1025/v,
    );
  });

  it("has 5 slots unless told otherwise", () => {
    assert.equal(new AsyncWorkers().number, 5);
  });

  it("[G14] frees the slot exactly one grace after the timeout", async () => {
    const runtime = new FakeRuntime();
    const bench = benchOn(runtime, 1);
    await bench.start();
    void bench.runWith({ timeout: 100 }, "ignoreSignal");
    await runtime.advance(100 + TIMEOUT_GRACE_MS - 1);
    assert.equal(bench.workers.availableSlots, 0);
    await runtime.advance(1);
    assert.equal(bench.workers.availableSlots, 1);
  });

  it("[G14] the first reason to end a job stays", async () => {
    const runtime = new FakeRuntime();
    const bench = benchOn(runtime, 1);
    await bench.start();
    const ended = bench.runWith({ timeout: 100 }, "ignoreSignal");
    await runtime.advance(100);
    bench.workers.abort(({ job }) => new LeaseLostError(job.taskName));
    await runtime.advance(TIMEOUT_GRACE_MS);
    assert.ok(errorOf(await within("the job ends", ended)) instanceof JobTimeoutError);
    await bench.workers.stop({ timeout: 0 });
  });

  it("[G15] leaves no timer: of jobs that ended in time, nor of a stop", async () => {
    const runtime = new FakeRuntime();
    const bench = benchOn(runtime, 10);
    await bench.start();
    await bench.runWith({ timeout: 1000 }, "echoLater");
    await bench.runWith({ timeout: 1000 }, "fail", "x");
    assert.equal(runtime.pendingTimers, 0);
    void bench.run("waitForAbort");
    void bench.workers.stop({ timeout: 60_000 });
    await bench.workers.stop({ timeout: 0 });
    assert.equal(runtime.pendingTimers, 0);
  });

  it("[G15] a task that is given up and fails later is not an unhandled rejection", async () => {
    const runtime = new FakeRuntime();
    const bench = benchOn(runtime, 1);
    await bench.start();
    const gate = Promise.withResolvers<void>();
    const late = { fail: async () => gate.promise };
    const running = bench.runFunction(late.fail, { timeout: 10 });
    await bench.passUntil(running);
    gate.reject(new Error("too late"));
    await runtime.advance(1);
    assert.equal(bench.finished.length, 1);
  });
});
