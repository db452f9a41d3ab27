/** The promises of the design as the user of an engine sees them. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { MemoryBroker } from "../../src/brokers/memory/memory-broker.ts";
import { Batch } from "../../src/core/batch.ts";
import {
  AbortError,
  JobTimeoutError,
  RetryError,
  WorkersStoppedError,
} from "../../src/core/errors.ts";
import { Engine } from "../../src/engine/engine.ts";
import { AsyncWorkers } from "../../src/workers/async-workers.ts";
import { currentJob } from "../../src/workers/current-job.ts";
import { drain, engineBench, passUntil, recordEvents, startWorkers } from "./engine-bench.ts";

const MINUTE_MS = 60_000;

describe("delivery", () => {
  it("[G1] a job without retries starts once, and has failed", async () => {
    const bench = engineBench();
    const events = recordEvents(bench.spin);
    let starts = 0;
    const once = bench.spin.task("once", () => {
      starts += 1;
      throw new Error("no luck");
    });
    await bench.spin.schedule(once);
    await drain(bench);
    await bench.runtime.advance(60 * MINUTE_MS);
    await drain(engineBench(bench));
    assert.equal(starts, 1);
    assert.deepEqual(events.lines, [
      "started once RUNNING",
      "failed once FAILED (no luck)",
      "finished once FAILED (no luck)",
    ]);
  });

  it("[G1] a job with retries runs until it succeeds", async () => {
    const bench = engineBench();
    const starts: number[] = [];
    const flaky = bench.spin.task("flaky", { maxRetries: 5 }, async (kept: object) => {
      starts.push(currentJob()?.retries ?? -1);
      assert.deepEqual(kept, { list: [], number: 0.1 });
      await Promise.resolve();
      if (starts.length < 4) throw new Error("again");
    });
    const running = await startWorkers(bench);
    await bench.spin.schedule(flaky, { list: [], number: 0.1 });
    await bench.runtime.advance(30 * MINUTE_MS);
    assert.deepEqual(starts, [0, 1, 2, 3]);
    await running.stop();
  });

  it("[G1] a job with retries fails after 1 + maxRetries attempts, later and later", async () => {
    const bench = engineBench();
    const starts: number[] = [];
    const { lines } = recordEvents(bench.spin);
    const hopeless = bench.spin.task("hopeless", { maxRetries: 3 }, () => {
      starts.push(bench.runtime.clock.now());
      throw new Error("never");
    });
    const running = await startWorkers(bench);
    await bench.spin.schedule(hopeless);
    await bench.runtime.advance(24 * 60 * MINUTE_MS);
    await running.stop();
    assert.equal(starts.length, 4);
    const gaps = starts.slice(1).map((at, index) => at - (starts[index] ?? 0));
    for (const [index, gap] of gaps.entries()) {
      const fullMs = 3000 * 2 ** (index + 1);
      assert.ok(gap >= fullMs / 2 && gap <= fullMs, `attempt ${index + 1} after ${gap} ms`);
    }
    assert.equal(lines.filter((line) => line.startsWith("retryscheduled")).length, 3);
    assert.equal(lines.at(-1), "finished hopeless FAILED (never)");
  });

  it("[G1] AbortError ends the retries, RetryError says when the next is", async () => {
    const bench = engineBench();
    const starts: Record<string, number[]> = { abort: [], retry: [] };
    const at = new Date(bench.runtime.clock.now() + 12_345);
    bench.spin.task("abort", { maxRetries: 5 }, () => {
      starts["abort"]?.push(bench.runtime.clock.now());
      throw new AbortError("never again");
    });
    bench.spin.task("retry", { maxRetries: 5 }, () => {
      starts["retry"]?.push(bench.runtime.clock.now());
      if (starts["retry"]?.length === 1) throw new RetryError("later", { at });
    });
    const running = await startWorkers(bench);
    await bench.spin.schedule("abort");
    await bench.spin.schedule("retry");
    await bench.runtime.advance(60 * MINUTE_MS);
    await running.stop();
    assert.equal(starts["abort"]?.length, 1);
    assert.equal(starts["retry"]?.[1], at.getTime());
    assert.equal(starts["retry"].length, 2);
  });

  it("[G3] arguments arrive as they were when schedule() was called", async () => {
    const bench = engineBench();
    const got: unknown[] = [];
    const keep = bench.spin.task("keep", (...args: unknown[]) => got.push(args));
    const nested = { empty: [], inner: { empty: {} }, float: 0.1234567890123456, text: "naïve ☃" };
    const scheduling = bench.spin.schedule(keep, nested, [[], {}], null);
    nested.text = "changed";
    await scheduling;
    await drain(bench);
    assert.deepEqual(got, [
      [
        { empty: [], inner: { empty: {} }, float: 0.1234567890123456, text: "naïve ☃" },
        [[], {}],
        null,
      ],
    ]);
  });

  it("100,000 jobs through 256 coroutines: each exactly once, and timers are served", async (t) => {
    const spin = new Engine(new MemoryBroker());
    const count = 100_000;
    const runs = new Uint8Array(count);
    const noop = spin.task("noop", async (index: number) => {
      runs[index] = (runs[index] ?? 0) + 1;
    });
    const batch = new Batch();
    for (let index = 0; index < count; index += 1) batch.schedule(noop, index);
    const jobs = await spin.scheduleBatch(batch);
    assert.equal(new Set(jobs.map(({ id }) => id)).size, count);
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 1);
    const startedMs = performance.now();
    await spin.run({ workers: new AsyncWorkers({ number: 256 }), stopWhenQueueEmpty: true });
    const seconds = (performance.now() - startedMs) / 1000;
    clearInterval(timer);
    assert.ok(
      runs.every((times) => times === 1),
      "the ledger shows each job once",
    );
    assert.ok(turns >= 5, `the event loop was given back ${turns} times only`);
    t.diagnostic(`${Math.round(count / seconds)} jobs/s, event loop turns: ${turns}`);
  });
});

describe("order and time", () => {
  it("[G9] one coroutine runs the jobs of a queue in the order of schedule()", async () => {
    const bench = engineBench();
    const ran: number[] = [];
    const note = bench.spin.task("note", async (index: number) => {
      await Promise.resolve();
      ran.push(index);
    });
    const expected = Array.from({ length: 50 }, (_, index) => index);
    for (const index of expected.slice(0, 25)) await bench.spin.schedule(note, index);
    const batch = new Batch();
    for (const index of expected.slice(25)) batch.schedule(note, index);
    await bench.spin.scheduleBatch(batch);
    await drain(bench, { number: 1 });
    assert.deepEqual(ran, expected);
  });

  it("[G9] scheduleAt() runs at its millisecond, across sleeps of any length", async () => {
    const bench = engineBench();
    const starts: Array<[number, number]> = [];
    const note = bench.spin.task("note", (atMs: number) => {
      starts.push([atMs, bench.runtime.clock.now()]);
    });
    const running = await startWorkers(bench);
    const base = bench.runtime.clock.now();
    for (const offsetMs of [7_200_000, 1, 59_999, 60_001, 1000, 1000, 0]) {
      const at = new Date(base + offsetMs);
      await bench.spin.scheduleAt(note, at, at.getTime());
    }
    await bench.runtime.advance(3 * 60 * MINUTE_MS);
    await running.stop();
    assert.equal(starts.length, 7);
    for (const [atMs, startedMs] of starts) assert.equal(startedMs, atMs);
  });

  it("[G10] a periodic task runs once a period in a cluster of engines", async () => {
    const one = engineBench();
    const two = engineBench(one);
    const starts: number[] = [];
    for (const { spin } of [one, two]) {
      spin.task("tick", { periodicity: 5000 }, () => starts.push(one.runtime.clock.now()));
    }
    const start = one.runtime.clock.now();
    await startWorkers(one);
    await one.runtime.advance(2500);
    await startWorkers(two);
    await one.runtime.advance(57_500);
    const expected = Array.from({ length: 12 }, (_, index) => start + 5000 * (index + 1));
    assert.deepEqual(starts, expected);
    await Promise.all([one.spin.close(), two.spin.close()]);
  });

  it("[G10] no storm after an outage: one run, then the old rhythm", async () => {
    const bench = engineBench();
    const starts: number[] = [];
    bench.spin.task("tick", { periodicity: 5000 }, () => starts.push(bench.runtime.clock.now()));
    const start = bench.runtime.clock.now();
    await (await startWorkers(bench)).stop();
    await bench.runtime.advance(62_000);
    const running = await startWorkers(bench);
    await bench.runtime.advance(8000);
    assert.deepEqual(
      starts.map((at) => at - start),
      [62_000, 65_000, 70_000],
    );
    await running.stop();
  });

  it("[G10] a periodic task registered while workers run is taken in", async () => {
    const bench = engineBench();
    const running = await startWorkers(bench);
    let runs = 0;
    bench.spin.task("late", { periodicity: 1000 }, () => {
      runs += 1;
    });
    await bench.runtime.advance(3500);
    assert.equal(runs, 3);
    await running.stop();
  });
});

describe("concurrency limits", () => {
  it("[G5] a limit holds in the whole cluster, whatever becomes of the jobs", async () => {
    const one = engineBench();
    const two = engineBench(one);
    const random = one.runtime.random;
    let running = 0;
    let most = 0;
    let ended = 0;
    for (const { spin } of [one, two]) {
      spin.task("limited", { maxConcurrency: 3, maxRetries: 2, timeout: 1000 }, async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise<void>((resolve) => {
          one.runtime.timers.set(resolve, Math.floor(random() * 900));
        });
        running -= 1;
        if (random() < 0.3) throw new Error("bad luck");
        ended += 1;
      });
    }
    const batch = new Batch();
    for (let index = 0; index < 200; index += 1) batch.schedule("limited");
    await one.spin.scheduleBatch(batch);
    await Promise.all([startWorkers(one), startWorkers(two)]);
    await one.runtime.advance(30 * MINUTE_MS);
    assert.equal(most, 3);
    assert.ok(ended > 190, `${ended} of 200 succeeded`);
    await Promise.all([one.spin.close(), two.spin.close()]);
  });

  it("[G5] stopWhenQueueEmpty waits for jobs parked behind a limit", async () => {
    const one = engineBench();
    const two = engineBench(one);
    let runs = 0;
    for (const { spin } of [one, two]) {
      spin.task("limited", { maxConcurrency: 1 }, async () => {
        await new Promise<void>((resolve) => {
          one.runtime.timers.set(resolve, 100);
        });
        runs += 1;
      });
    }
    for (let index = 0; index < 5; index += 1) await one.spin.schedule("limited");
    await Promise.all([drain(one), drain(two)]);
    assert.equal(runs, 5);
  });
});

describe("stopping", () => {
  it("[G11] stop() lets running jobs end, and starts no other", async () => {
    const bench = engineBench();
    const ran: string[] = [];
    const slow = bench.spin.task("slow", async (name: string) => {
      await new Promise<void>((resolve) => {
        bench.runtime.timers.set(resolve, 1000);
      });
      ran.push(name);
    });
    const running = await startWorkers(bench, { number: 1 });
    await bench.spin.schedule(slow, "first");
    await bench.spin.schedule(slow, "second");
    await bench.runtime.advance(10);
    await passUntil(bench.runtime, running.stop());
    assert.deepEqual(ran, ["first"]);
    await drain(bench);
    assert.deepEqual(ran, ["first", "second"]);
  });

  it("[G11] jobs that outlast the stop are handed back (at-least-once) or failed (at-most-once)", async () => {
    const bench = engineBench();
    const { lines } = recordEvents(bench.spin);
    let attempts = 0;
    const hang = async (): Promise<void> => {
      attempts += 1;
      if (attempts <= 2) await Promise.withResolvers<never>().promise;
    };
    bench.spin.task("mayRepeat", { maxRetries: 1 }, hang);
    bench.spin.task("mustNot", hang);
    await bench.spin.schedule("mayRepeat");
    await bench.spin.schedule("mustNot");
    const running = await startWorkers(bench);
    await bench.runtime.advance(10);
    await passUntil(bench.runtime, running.stop({ timeout: 5000 }));
    await drain(bench);
    assert.deepEqual(
      lines.filter((line) => !line.startsWith("started")),
      [
        'finished mayRepeat QUEUED (the workers stopped before task "mayRepeat" had finished)',
        'failed mustNot FAILED (the workers stopped before task "mustNot" had finished)',
        'finished mustNot FAILED (the workers stopped before task "mustNot" had finished)',
        "finished mayRepeat SUCCEEDED",
      ],
    );
  });

  it("[G11] a stop is no attempt: a job handed back keeps its retries", async () => {
    const bench = engineBench();
    const retries: unknown[] = [];
    const patient = bench.spin.task("patient", { maxRetries: 1 }, async () => {
      retries.push(currentJob()?.retries);
      if (retries.length > 3) return;
      const { promise, reject } = Promise.withResolvers<never>();
      const signal = currentJob()?.signal;
      signal?.addEventListener("abort", () => {
        assert.ok(signal.reason instanceof WorkersStoppedError);
        reject(signal.reason);
      });
      await promise;
    });
    await bench.spin.schedule(patient);
    for (let round = 0; round < 3; round += 1) {
      const running = await startWorkers(bench);
      await bench.runtime.advance(10);
      await running.stop({ timeout: 0 });
    }
    await drain(bench);
    assert.deepEqual(retries, [0, 0, 0, 0]);
  });

  for (const call of ["exchange", "tick", "register", "isQueueEmpty"] as const) {
    it(`[G11] stop() returns even if ${call}() never does`, async () => {
      const bench = engineBench();
      bench.broker.failNext(call, "hang");
      const workers = new AsyncWorkers({ number: 1 });
      const running = await bench.spin.startWorkers({ workers, stopWhenQueueEmpty: true });
      const noop = bench.spin.task("noop", () => undefined);
      await bench.spin.schedule(noop);
      await bench.runtime.advance(100);
      await passUntil(bench.runtime, running.stop({ timeout: 10 }));
      await running.finished;
      await bench.spin.close();
      assert.equal(bench.runtime.pendingTimers, 0);
    });
  }

  it("[G11] jobs whose end the broker was not told of are named in the log", async () => {
    const bench = engineBench();
    const task = bench.spin.task("noop", async () => {
      bench.broker.failNext("exchange", ...Array.from({ length: 100 }, () => "before" as const));
      await Promise.resolve();
    });
    const running = await startWorkers(bench);
    const { id } = await bench.spin.schedule(task);
    await bench.runtime.advance(100);
    await passUntil(bench.runtime, running.stop({ timeout: 10 }));
    const last = bench.runtime.logs.at(-1);
    assert.match(
      last?.message ?? "",
      /^stopped before the broker could be told of 1 finished job/v,
    );
    assert.deepEqual(last?.fields, { queue: "spinach", jobs: [id] });
  });
});

describe("timeouts", () => {
  it("[G14] a job that ignores its timeout fails, is retried, and never fills the slots", async () => {
    const bench = engineBench();
    const errors: unknown[] = [];
    let others = 0;
    bench.spin.task(
      "stuck",
      { timeout: 1000, maxRetries: 1 },
      () => Promise.withResolvers<never>().promise,
    );
    bench.spin.task("other", () => {
      others += 1;
    });
    bench.spin.on("jobFailed", ({ err }) => errors.push(err));
    const running = await startWorkers(bench, { number: 2 });
    for (const name of ["stuck", "stuck", "other"]) await bench.spin.schedule(name);
    await bench.runtime.advance(5999);
    assert.equal(others, 0);
    await bench.runtime.advance(1);
    assert.equal(others, 1);
    await bench.runtime.advance(10 * MINUTE_MS);
    assert.equal(errors.length, 2);
    assert.ok(errors.every((error) => error instanceof JobTimeoutError));
    await running.stop();
  });
});

describe("lost replies", () => {
  for (const fault of ["before", "after"] as const) {
    it(`[G4] no job is lost or doubled when exchange() fails ${fault} it took effect`, async () => {
      const bench = engineBench();
      const runs = new Map<number, number>();
      const count = bench.spin.task("count", async (index: number) => {
        await Promise.resolve();
        runs.set(index, (runs.get(index) ?? 0) + 1);
      });
      for (let index = 0; index < 100; index += 1) await bench.spin.schedule(count, index);
      const faults = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? fault : "none"));
      bench.broker.failNext("exchange", ...faults);
      await drain(bench, { number: 7 });
      assert.equal(runs.size, 100);
      assert.ok([...runs.values()].every((times) => times === 1));
      assert.ok(await bench.broker.isQueueEmpty("spinach"));
      const lost = await bench.broker.reconcile({ queues: ["spinach"], known: new Set() });
      assert.equal(lost.length, 0, "the broker holds nothing that was settled");
    });
  }

  it("[G4] a job whose delivery was lost is handed back by a stop, not orphaned", async () => {
    const bench = engineBench();
    let runs = 0;
    const count = bench.spin.task("count", () => {
      runs += 1;
    });
    const running = await startWorkers(bench);
    await bench.runtime.advance(1);
    bench.broker.failNext("exchange", "after");
    await bench.spin.schedule(count);
    await bench.runtime.advance(0);
    await passUntil(bench.runtime, running.stop());
    await drain(bench);
    assert.equal(runs, 1);
  });

  for (const call of ["tick", "register", "reconcile", "isQueueEmpty"] as const) {
    it(`[G12] the arbiter recovers by itself when ${call}() fails`, async () => {
      const bench = engineBench();
      let runs = 0;
      const count = bench.spin.task("count", () => {
        runs += 1;
      });
      if (call === "register") {
        await startWorkers(bench, { queue: "other" });
        bench.spin.task("another", () => undefined);
      }
      bench.broker.failNext(call, "before", "after", "before");
      if (call === "reconcile") bench.broker.failNext("exchange", "after");
      await bench.spin.schedule(count);
      await drain(bench);
      assert.equal(runs, 1);
      await bench.spin.close();
      assert.equal(bench.runtime.pendingTimers, 0);
    });
  }
});
