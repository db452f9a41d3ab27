/** What goes wrong around an arbiter, a stop or a start, and must hurt nothing. */
import assert from "node:assert/strict";
import { describe, it, mock } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import type { ExchangeRequest, WakeUpListener } from "../../src/brokers/broker.ts";
import { MemoryBroker } from "../../src/brokers/memory/memory-broker.ts";
import {
  BrokerError,
  EngineClosedError,
  LeaseLostError,
  RetryError,
  WorkersStoppedError,
} from "../../src/core/errors.ts";
import { kwargs } from "../../src/core/kwargs.ts";
import { Tasks } from "../../src/core/tasks.ts";
import { Engine } from "../../src/engine/engine.ts";
import { FakeRuntime, settled } from "../../src/testing/fake-runtime.ts";
import { type Fault, FaultBroker } from "../../src/testing/fault-broker.ts";
import { AsyncWorkers } from "../../src/workers/async-workers.ts";
import { currentJob } from "../../src/workers/current-job.ts";
import { ThreadWorkers } from "../../src/workers/threads/thread-workers.ts";
import { drain, engineBench, passUntil, startWorkers, type EngineBench } from "./engine-bench.ts";

const DOWN: readonly Fault[] = Array.from({ length: 200 }, () => "before");

/** A task that counts its starts. */
function countTask({ spin }: EngineBench, name = "count"): { starts: number } {
  const count = { starts: 0 };
  spin.task(name, async () => {
    count.starts += 1;
    await Promise.resolve();
  });
  return count;
}

/** Collects garbage, for some turns of the event loop. */
async function isCollected(ref: WeakRef<object>): Promise<boolean> {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  assert.ok(typeof collect === "function");
  // Not asked in between: that would keep it for the turn.
  for (let turn = 0; turn < 5; turn += 1) {
    Reflect.apply(collect, undefined, []);
    await settled();
  }
  return ref.deref() === undefined;
}

describe("a broker that fails", () => {
  it("[G12] to take jobs, while it settles others, is reported and tried again", async () => {
    const bench = engineBench();
    const { broker, runtime, spin } = bench;
    const exchange = broker.exchange.bind(broker);
    let isRefused = true;
    mock.method(broker, "exchange", async (request: ExchangeRequest) => {
      if (!isRefused) return exchange(request);
      const { nextDueMs } = await exchange({ ...request, max: 0 });
      const refusal = new BrokerError("from the test: not allowed to take jobs");
      return { jobs: [], count: 0, more: true, nextDueMs, refusal };
    });
    const count = countTask(bench);
    await spin.schedule("count");
    await startWorkers(bench);
    await runtime.advance(60_000);
    const warnings = runtime.logger.lines.filter(({ level }) => level === "warn");
    assert.equal(warnings.length, 1, "once, however often it is tried");
    assert.match(warnings[0]?.message ?? "", /failed to exchange jobs/v);
    const tries = broker.calls.exchange;
    assert.ok(tries >= 3 && tries < 100, `${tries} times in a minute`);
    isRefused = false;
    await runtime.advance(60_000);
    assert.equal(count.starts, 1);
    await spin.close();
  });

  it("to take jobs has not said that nothing is planned: tasks are not registered anew for it", async () => {
    const bench = engineBench();
    const { broker, runtime, spin } = bench;
    const exchange = broker.exchange.bind(broker);
    mock.method(broker, "exchange", async (request: ExchangeRequest) => {
      await exchange({ ...request, max: 0 });
      const refusal = new BrokerError("from the test: not allowed to take jobs");
      return { jobs: [], count: 0, more: true, nextDueMs: undefined, refusal };
    });
    spin.task("periodic", { periodicity: 3_600_000 }, () => undefined);
    await startWorkers(bench);
    await runtime.advance(60_000);
    assert.ok(broker.calls.exchange >= 3);
    assert.ok(broker.calls.register <= 2, `registered ${broker.calls.register} times in a minute`);
    await spin.close();
  });

  it("is tried again as soon as it can be reached, however long the pause was to be", async () => {
    const bench = engineBench();
    const { broker, runtime } = bench;
    const listeners: WakeUpListener[] = [];
    const onWakeUp = broker.onWakeUp.bind(broker);
    broker.onWakeUp = (listener, claim) => {
      listeners.push(listener);
      return onWakeUp(listener, claim);
    };
    countTask(bench);
    const running = await startWorkers(bench);
    await runtime.advance(1);
    broker.failNext("exchange", ...DOWN);
    await bench.spin.schedule("count");
    await runtime.advance(60_000);
    const triesOn = async (...news: Parameters<WakeUpListener>): Promise<number> => {
      const before = broker.calls.exchange;
      for (const listener of listeners) listener(...news);
      await settled();
      await settled();
      return broker.calls.exchange - before;
    };
    // A notification says nothing of the broker: many may come while it refuses us.
    assert.equal(await triesOn("spinach"), 0);
    assert.equal(await triesOn(undefined), 0);
    assert.equal(await triesOn(undefined, true), 1);
    assert.equal(await triesOn("spinach"), 0, "then the pauses go on");
    await passUntil(runtime, running.stop());
  });

  it("[G1] an outcome that a stop could not tell is told by the next workers, and runs nothing again", async () => {
    const bench = engineBench();
    const count = countTask(bench);
    const running = await startWorkers(bench);
    await bench.runtime.advance(1);
    bench.spin.on("jobStarted", () => {
      bench.broker.failNext("exchange", ...DOWN.slice(0, 20));
    });
    await bench.spin.schedule("count");
    await bench.runtime.advance(1);
    assert.equal(count.starts, 1);
    await passUntil(bench.runtime, running.stop());
    const again = await startWorkers(bench);
    await bench.runtime.advance(120_000);
    assert.equal(count.starts, 1);
    await again.stop();
    const held = await bench.broker.reconcile({ queues: ["spinach"], known: new Set() });
    assert.deepEqual(held, []);
  });

  it("[G1] an outcome that a stop could not tell is told once the broker works, without new workers", async () => {
    const bench = engineBench();
    const count = countTask(bench);
    const running = await startWorkers(bench);
    await bench.runtime.advance(1);
    bench.spin.on("jobStarted", () => {
      bench.broker.failNext("exchange", ...DOWN.slice(0, 20));
    });
    await bench.spin.schedule("count");
    await bench.runtime.advance(1);
    await passUntil(bench.runtime, running.stop());
    await bench.runtime.advance(180_000);
    const held = await bench.broker.reconcile({ queues: ["spinach"], known: new Set() });
    assert.deepEqual(
      held,
      [],
      "the place of a limited task would be taken as long as this process lives",
    );
    assert.equal(count.starts, 1);
    assert.equal(bench.runtime.pendingTimers, 0, "and then there is nothing left to do");
    await bench.spin.close();
  });

  for (const fault of ["hang", "late"] as const) {
    it(`[G4] what a trip that met "${fault}" brought is put back after a stop`, async () => {
      const bench = engineBench();
      const other = engineBench(bench);
      const count = countTask(other);
      countTask(bench);
      const running = await startWorkers(bench);
      await bench.runtime.advance(1);
      bench.broker.failNext("exchange", fault);
      await bench.spin.schedule("count");
      await bench.runtime.advance(1);
      await passUntil(bench.runtime, running.stop());
      await bench.runtime.advance(20_000);
      await bench.broker.release();
      const elsewhere = await startWorkers(other);
      await bench.runtime.advance(120_000);
      assert.equal(count.starts, 1, "the process that stopped lives on, and does not keep the job");
      await elsewhere.stop();
      await bench.spin.close();
      await other.spin.close();
      assert.equal(bench.runtime.pendingTimers, 0);
    });
  }

  it("[G4] new workers look for what a trip of those before them brought", async () => {
    const bench = engineBench();
    const count = countTask(bench);
    const running = await startWorkers(bench);
    await bench.runtime.advance(1);
    bench.broker.failNext("exchange", "late");
    await bench.spin.schedule("count");
    await bench.runtime.advance(1);
    await running.stop();
    await bench.broker.release();
    const again = await startWorkers(bench);
    await bench.runtime.advance(120_000);
    assert.equal(count.starts, 1);
    await again.stop();
    await bench.spin.close();
    assert.equal(bench.runtime.pendingTimers, 0);
  });

  it("[G12] a call that never answers does not silence the arbiter", async () => {
    const bench = engineBench();
    const count = countTask(bench);
    bench.broker.failNext("exchange", "hang");
    await bench.spin.schedule("count");
    const running = await startWorkers(bench);
    await bench.runtime.advance(35_000);
    assert.equal(count.starts, 1, "the job in the lost reply was found");
    assert.ok(bench.runtime.logs.some(({ fields }) => "err" in fields));
    await running.stop();
  });

  it("[G12] a wake-up that was lost costs a minute at most, however often there is other work", async () => {
    const runtime = new FakeRuntime();
    const broker = new FaultBroker(new MemoryBroker());
    mock.method(broker, "onWakeUp", () => () => undefined);
    const spin = new Engine(broker, { runtime });
    const count = { starts: 0 };
    spin.task("count", () => {
      count.starts += 1;
    });
    spin.task("often", { queue: "other", periodicity: 10_000 }, () => undefined);
    await spin.startWorkers({ workers: new AsyncWorkers() });
    await runtime.advance(1000);
    await spin.schedule("count");
    const { exchange } = broker.calls;
    await runtime.advance(60_000);
    assert.equal(count.starts, 1);
    assert.equal(broker.calls.exchange - exchange, 2, "one trip to look, one to tell");
    await spin.close();
  });

  it("[G12] tasks that cannot be stated, and a tick that fails, keep no job from running and ending", async () => {
    const bench = engineBench();
    const count = countTask(bench);
    const running = await startWorkers(bench);
    await bench.runtime.advance(1);
    bench.broker.failNext("register", ...DOWN);
    bench.broker.failNext("tick", ...DOWN);
    await bench.spin.scheduleAt("count", new Date(bench.runtime.clock.now() + 1000));
    await bench.runtime.advance(150_000);
    for (let index = 0; index < 3; index += 1) await bench.spin.schedule("count");
    await bench.runtime.advance(20_000);
    assert.equal(count.starts, 3);
    const held = await bench.broker.reconcile({ queues: ["spinach"], known: new Set() });
    assert.deepEqual(held, [], "told while the broker takes outcomes");
    await running.stop();
  });

  it("[G5] no job is taken before its limit is stated", async () => {
    const bench = engineBench();
    const count = countTask(bench);
    bench.broker.failNext("register", ...DOWN.slice(0, 3));
    await bench.spin.schedule("count");
    const exchanges = bench.broker.calls.exchange;
    const running = await startWorkers(bench);
    await bench.runtime.advance(1);
    assert.equal(bench.broker.calls.exchange, exchanges);
    await bench.runtime.advance(10_000);
    assert.equal(count.starts, 1);
    await running.stop();
  });

  it("[G4] a request that takes effect long after it failed loses no job", async () => {
    const bench = engineBench();
    const count = countTask(bench);
    const gate = Promise.withResolvers<void>();
    bench.spin.task("busy", async () => gate.promise);
    await bench.spin.schedule("busy");
    await bench.spin.schedule("count");
    bench.broker.failNext("exchange", "late");
    const running = await startWorkers(bench, { number: 1 });
    await bench.runtime.advance(5000);
    await bench.broker.release();
    await bench.runtime.advance(5000);
    gate.resolve();
    await bench.runtime.advance(120_000);
    assert.equal(count.starts, 1);
    await running.stop();
  });

  it("[G11] a stop tries more than once to tell the last outcomes", async () => {
    const bench = engineBench();
    countTask(bench);
    const running = await startWorkers(bench);
    await bench.runtime.advance(1);
    bench.spin.on("jobStarted", () => {
      bench.broker.failNext("exchange", ...DOWN.slice(0, 12));
    });
    await bench.spin.schedule("count");
    await bench.runtime.advance(20_000);
    await passUntil(bench.runtime, running.stop());
    assert.equal(bench.runtime.logs.filter(({ level }) => level === "error").length, 0);
  });

  it("[G12] it says once that the broker fails, and once that it works again", async () => {
    const bench = engineBench();
    bench.broker.failNext("isQueueEmpty", "before", "before", "before");
    bench.broker.failNext("exchange", "before", "before");
    await bench.spin.schedule(bench.spin.task("noop", () => undefined));
    const startMs = bench.runtime.clock.now();
    await drain(bench);
    const warnings = bench.runtime.logs.filter(({ level }) => level === "warn");
    const messages = warnings.map(({ message }) => message);
    assert.deepEqual(messages, [
      "the broker failed to exchange jobs, trying again until it works",
      "the broker works again: it could exchange jobs",
      "the broker failed to exchange jobs, trying again until it works",
      "the broker works again: it could exchange jobs",
    ]);
    assert.ok(bench.runtime.clock.now() - startMs < 5000, "it did not sleep on a failure");
  });
});

describe("starts and stops", () => {
  it("[G11] a start that hangs can be stopped and closed", async () => {
    const bench = engineBench();
    bench.broker.failNext("start", "hang");
    const starting = assert.rejects(startWorkers(bench), EngineClosedError);
    await bench.runtime.advance(10);
    await bench.spin.close({ timeout: 0 });
    await starting;
    assert.equal(bench.runtime.pendingTimers, 0);
  });

  it("[G15] workers that have stopped are forgotten when others have taken over from them", async () => {
    const bench = engineBench();
    const startAndStop = async (): Promise<WeakRef<object>> => {
      const workers = new AsyncWorkers();
      const running = await bench.spin.startWorkers({ workers });
      await passUntil(bench.runtime, running.stop());
      return new WeakRef(workers);
    };
    const first = await startAndStop();
    for (let round = 0; round < 3; round += 1) await startAndStop();
    assert.ok(await isCollected(first), "each would keep the one before it");
    await bench.spin.close();
  });

  it("[G15] draining does not spin, whatever is due meanwhile", async () => {
    const bench = engineBench();
    bench.spin.task("tick", { periodicity: 100 }, () => undefined);
    bench.spin.task("slow", async () => {
      await new Promise<void>((resolve) => {
        bench.runtime.timers.set(resolve, 200_000);
      });
    });
    const running = await startWorkers(bench);
    await bench.spin.schedule("slow");
    await bench.runtime.advance(50);
    const before = bench.broker.calls.exchange;
    await passUntil(bench.runtime, running.stop({ timeout: 300_000 }));
    assert.ok(bench.broker.calls.exchange - before <= 2);
  });

  it("[G15] nothing is left when the broker ends a call that was under way at close()", async () => {
    const bench = engineBench();
    await startWorkers(bench);
    await bench.runtime.advance(1);
    const release = bench.broker.holdNext("exchange");
    bench.broker.failNext("exchange", "after");
    await bench.spin.schedule(bench.spin.task("noop", () => undefined));
    await bench.runtime.advance(1);
    await passUntil(bench.runtime, bench.spin.close({ timeout: 0 }));
    release();
    await bench.runtime.advance(0);
    assert.equal(bench.runtime.pendingTimers, 0);
  });

  it("close() with an invalid timeout is refused, and closes nothing", async () => {
    const bench = engineBench();
    await assert.rejects(bench.spin.close({ timeout: -1 }), RangeError);
    await assert.rejects(bench.spin.stopWorkers({ timeout: Number.NaN }), RangeError);
    await bench.spin.schedule(bench.spin.task("noop", () => undefined));
    await bench.spin.close();
  });

  it("run() that is refused leaves the engine open", async () => {
    const bench = engineBench();
    const workers = new AsyncWorkers();
    await assert.rejects(bench.spin.run({ workers, queue: "_x" }), RangeError);
    bench.broker.failNext("start", "before");
    await assert.rejects(bench.spin.run({ workers }));
    await bench.spin.schedule(bench.spin.task("noop", () => undefined));
    await bench.spin.run({ workers, stopWhenQueueEmpty: true });
    await assert.rejects(
      bench.spin.schedule("noop"),
      /closed, as run\(\) closes it .*startWorkers/v,
    );
  });

  it("close() that came before run() has ended is what closed the engine", async () => {
    const bench = engineBench();
    const started = Promise.withResolvers<void>();
    bench.spin.on("workerStarted", () => started.resolve());
    const running = bench.spin.run({ workers: new AsyncWorkers() });
    await started.promise;
    await bench.spin.close();
    await running;
    bench.spin.task("noop", () => undefined);
    await assert.rejects(bench.spin.schedule("noop"), {
      message: "this engine is closed: make a new Engine to go on",
    });
  });
});

describe("careless users", () => {
  it("are told what is wrong, with the value, wherever they make a mistake", async () => {
    const { spin } = engineBench();
    // What a JavaScript program, or a cast, lets through.
    const wrong = (value: unknown): never => value as never;
    const plain = (): number => 1;
    const broker = (): MemoryBroker => new MemoryBroker();
    const mistakes: ReadonlyArray<readonly [RegExp, () => unknown]> = [
      [
        /^Engine: broker must be a MemoryBroker.*, got undefined$/v,
        () => new Engine(wrong(undefined)),
      ],
      [/got an object \(Object\) without bind\(\)/v, () => new Engine(wrong({}))],
      [/got the class MemoryBroker: make one with new$/v, () => new Engine(wrong(MemoryBroker))],
      [
        /^Engine: options must be a plain object, got null/v,
        () => new Engine(broker(), wrong(null)),
      ],
      [/there is no option "namspace"/v, () => new Engine(broker(), wrong({ namspace: "x" }))],
      [
        /^Engine: logger must have debug\(\), .*, got an object \(Object\) without debug\(\)$/v,
        () => new Engine(broker(), { logger: wrong({}) }),
      ],
      [
        /^Engine: logger must have .*, got true$/v,
        () => new Engine(broker(), { logger: wrong(true) }),
      ],
      [/store must be a MemoryStore/v, () => new MemoryBroker({ store: wrong({}) })],
      [
        /^run: expected options such as \{ workers: new AsyncWorkers\(\) \}, got undefined$/v,
        () => spin.run(wrong(undefined)),
      ],
      [
        /^run: expected .* \{ workers: new AsyncWorkers\(\) \}, got the workers .*\(AsyncWorkers\)$/v,
        () => spin.run(wrong(new AsyncWorkers())),
      ],
      [
        /^startWorkers: expected options .*, got the workers themselves, an object \(ThreadWorkers\)$/v,
        () => spin.startWorkers(wrong(new ThreadWorkers())),
      ],
      [
        /^run: option workers must be .* \{ workers: new AsyncWorkers\(\) \}, got undefined$/v,
        () => spin.run(wrong({})),
      ],
      [
        /^startWorkers: option workers must be .*, got an object \(Object\) without start\(\)$/v,
        () => spin.startWorkers({ workers: wrong({ number: 5 }) }),
      ],
      [/"number".*: it is one of the workers, as in/v, () => spin.run(wrong({ number: 5 }))],
      [
        /got the class AsyncWorkers: make one with new$/v,
        () => spin.run({ workers: wrong(AsyncWorkers) }),
      ],
      [
        /no option "workers".*: it is an option of run\(\) and startWorkers\(\)/v,
        () => new AsyncWorkers(wrong({ workers: new AsyncWorkers() })),
      ],
      [
        /no option "queue".*: it is an option of run\(\) and startWorkers\(\)/v,
        () => new ThreadWorkers(wrong({ queue: "q" })),
      ],
      [/^AsyncWorkers: options must be a plain object/v, () => new AsyncWorkers(wrong(256))],
      [
        /there is no option "concurrency".*: it is called number$/v,
        () => new AsyncWorkers(wrong({ concurrency: 5 })),
      ],
      [/^scheduleBatch: expected a Batch, got an array/v, () => spin.scheduleBatch(wrong([]))],
      [/got a function \(plain\): register it/v, () => spin.schedule(wrong(plain))],
      [
        /^expected a task or the name of one, got undefined/v,
        () => spin.schedule(wrong(undefined)),
      ],
      [/each must be a Tasks registry/v, () => spin.attachTasks(wrong({}))],
      [/options come before the function/v, () => spin.task("k", wrong(plain), wrong({}))],
      [/there is no option "attempts"/v, () => spin.task("k", wrong({ attempts: 3 }), plain)],
      [
        /stopWhenQueueEmpty must be true or false/v,
        () => spin.run({ workers: new AsyncWorkers(), stopWhenQueueEmpty: wrong("no") }),
      ],
      [/^RetryError: at must be a Date, got 50$/v, () => new RetryError("x", { at: wrong(50) })],
      [/there is no option "delay"/v, () => new RetryError("x", wrong({ delay: 5 }))],
    ];
    for (const [message, mistake] of mistakes) {
      await assert.rejects(async () => mistake(), { name: "TypeError", message });
    }
  });

  it("currentJob() works in the listeners of its own signal", async () => {
    const bench = engineBench();
    let seen: string | undefined;
    bench.spin.task("listen", async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      currentJob()?.signal.addEventListener("abort", () => {
        seen = currentJob()?.taskName;
        resolve();
      });
      await promise;
    });
    await bench.spin.schedule("listen");
    const running = await startWorkers(bench);
    await bench.runtime.advance(1);
    await running.stop({ timeout: 0 });
    assert.equal(seen, "listen");
  });

  it("a task that throws an error of ours has failed like any other", async () => {
    const bench = engineBench();
    const starts = { stopped: 0, lost: 0 };
    bench.spin.task("stopped", { maxRetries: 1 }, () => {
      starts.stopped += 1;
      throw new WorkersStoppedError("stopped");
    });
    bench.spin.task("lost", { maxRetries: 1 }, () => {
      starts.lost += 1;
      throw new LeaseLostError("lost");
    });
    await bench.spin.schedule("stopped");
    await bench.spin.schedule("lost");
    const running = await startWorkers(bench);
    await bench.runtime.advance(60_000);
    assert.deepEqual(starts, { stopped: 2, lost: 2 });
    await running.stop();
  });

  it("[G15] a logger that throws hurts nothing", async () => {
    const fail = (): never => {
      throw new Error("the disk is full");
    };
    const logger = { debug: fail, info: fail, warn: fail, error: fail };
    const spin = new Engine(new MemoryBroker(), { logger });
    let runs = 0;
    spin.task("fail", () => {
      runs += 1;
      throw new Error("no");
    });
    await spin.schedule("fail");
    await spin.schedule("fail");
    await spin.run({ workers: new AsyncWorkers(), stopWhenQueueEmpty: true });
    assert.equal(runs, 2);
  });

  it("a registry outlives the engines it was attached to", async () => {
    const tasks = new Tasks();
    const first = engineBench();
    const second = engineBench();
    first.spin.attachTasks(tasks);
    second.spin.attachTasks(tasks);
    second.spin.task("taken", () => undefined);
    assert.throws(() => tasks.task("taken", () => undefined), RangeError);
    await assert.rejects(first.spin.schedule("taken"), /unknown task/v);
    await second.spin.close();
    tasks.task("taken", () => undefined);
    await first.spin.schedule("taken");
  });

  it("empty keyword arguments reach a function that needs them", async () => {
    const bench = engineBench();
    const got: unknown[] = [];
    const resize = bench.spin.task("resize", (file: string, size: { width?: number }) => {
      got.push([file, size]);
    });
    await bench.spin.schedule(resize, "a", kwargs({}));
    await drain(bench);
    assert.deepEqual(got, [["a", {}]]);
  });

  it("tasks that block do not keep timers waiting for the whole of a delivery", async () => {
    const spin = new Engine(new MemoryBroker());
    let turns = 0;
    const block = spin.task("block", () => {
      const end = performance.now() + 2;
      while (performance.now() < end);
    });
    for (let index = 0; index < 60; index += 1) await spin.schedule(block);
    const timer = setInterval(() => {
      turns += 1;
    }, 1);
    await spin.run({ workers: new AsyncWorkers({ number: 60 }), stopWhenQueueEmpty: true });
    clearInterval(timer);
    assert.ok(turns >= 10, `${turns} turns of the event loop in 120 ms`);
  });

  it("a receiver's promise of another kind that rejects is heard too", async () => {
    const bench = engineBench();
    countTask(bench);
    bench.spin.on("jobFinished", () => ({
      // oxlint-disable-next-line unicorn/no-thenable -- that is what is tested
      then: (_: unknown, reject: (error: Error) => void) => {
        reject(new Error("thenable"));
      },
    }));
    await bench.spin.schedule("count");
    await drain(bench);
    assert.ok(bench.runtime.logs.some(({ message }) => message.startsWith("a receiver of")));
  });
});
