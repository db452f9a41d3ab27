import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { describe, it } from "node:test";

import { MemoryBroker } from "../../src/brokers/memory/memory-broker.ts";
import { Batch } from "../../src/core/batch.ts";
import {
  BatchInterruptedError,
  BrokerError,
  EngineClosedError,
  InvalidJobArgumentsError,
  InvalidJobSignatureError,
  UnknownTaskError,
} from "../../src/core/errors.ts";
import { decodeJob } from "../../src/core/job-codec.ts";
import { JobStatus } from "../../src/core/job-status.ts";
import { kwargs } from "../../src/core/kwargs.ts";
import { Tasks } from "../../src/core/tasks.ts";
import { Engine } from "../../src/engine/engine.ts";
import { FakeRuntime, settled } from "../../src/testing/fake-runtime.ts";
import { RecordingLogger } from "../../src/testing/recording-logger.ts";
import { AsyncWorkers } from "../../src/workers/async-workers.ts";
import { currentEngine } from "../../src/workers/current-engine.ts";
import { currentJob } from "../../src/workers/current-job.ts";
import { ThreadWorkers } from "../../src/workers/threads/thread-workers.ts";
import {
  drain,
  engineBench,
  passUntil,
  recordEvents,
  startWorkers,
  type EngineBench,
} from "./engine-bench.ts";

/** Every call is one that must be refused; afterwards the queue must still be empty. */
async function refusesAll(
  bench: EngineBench,
  calls: ReadonlyArray<readonly [object, () => Promise<unknown>]>,
): Promise<void> {
  for (const [expected, call] of calls) await assert.rejects(call(), expected);
  assert.equal(await bench.broker.isQueueEmpty("spinach"), true);
  assert.equal(bench.broker.calls.enqueue, 0);
}

describe("Engine schedule(), scheduleAt(), scheduleBatch()", () => {
  it("resolve with the jobs that the broker has", async () => {
    const { spin, runtime } = engineBench();
    const task = spin.task("task", { queue: "q", maxRetries: 2 }, (_a: number, _b: string) => 1);
    const now = new Date(runtime.clock.now());
    const job = await spin.schedule(task, 1, "a");
    assert.match(job.id, /^[\da-f\-]{36}$/v);
    assert.deepEqual(
      { ...job, id: "" },
      {
        id: "",
        status: JobStatus.QUEUED,
        taskName: "task",
        queue: "q",
        at: now,
        maxRetries: 2,
        retries: 0,
        args: [1, "a"],
        kwargs: {},
      },
    );
    const at = new Date(now.getTime() + 1);
    const later = await spin.scheduleAt(
      task.with({ queue: "p", maxRetries: 0, timeout: 9 }),
      at,
      1,
      "a",
    );
    assert.deepEqual(
      [later.status, later.queue, later.maxRetries, later.timeoutMs, later.at],
      [JobStatus.WAITING, "p", 0, 9, at],
    );
    const soon = await spin.scheduleIn(task, 1, 1, "a");
    assert.deepEqual([soon.status, soon.at], [JobStatus.WAITING, at]);
    const ready = await spin.scheduleIn(task, 0, 1, "a");
    assert.deepEqual([ready.status, ready.at], [JobStatus.QUEUED, now]);
    const batch = new Batch().schedule(task, 2, "b").schedule("task", 3, kwargs({ c: 1 }));
    const jobs = await spin.scheduleBatch(batch);
    assert.deepEqual(
      jobs.map(({ args, kwargs: keywords }) => [args, keywords]),
      [
        [[2, "b"], {}],
        [[3], { c: 1 }],
      ],
    );
  });

  it("refuse what cannot be scheduled, with nothing enqueued", async () => {
    const bench = engineBench();
    const { spin } = bench;
    const two = spin.task("two", (_a: unknown, _b: unknown) => undefined);
    const date: unknown = "2026-01-01";
    const badDelays: ReadonlyArray<readonly [object, unknown]> = [
      [TypeError, "60000"],
      [TypeError, new Date(0)],
      [RangeError, -1],
      [RangeError, 0.5],
      [RangeError, Number.NaN],
      [RangeError, Infinity],
    ];
    const cycle: unknown[] = [];
    cycle.push(cycle);
    const badArguments = [
      1n,
      cycle,
      () => 1,
      undefined,
      { a: undefined },
      [Number.NaN],
      new Date(0),
    ];
    await refusesAll(bench, [
      [UnknownTaskError, () => spin.schedule("none")],
      [/unknown task "none" \(known tasks: two\)/v, () => spin.schedule("none")],
      [/in another program, name it here with tasks\.declare\(\)/v, () => spin.schedule("none")],
      [UnknownTaskError, () => spin.schedule(new Tasks().task("unattached", () => 1))],
      [InvalidJobSignatureError, () => spin.schedule("two", 1)],
      [/task "two" needs at least 2 argument\(s\), got 1/v, () => spin.schedule("two", 1)],
      [RangeError, () => spin.scheduleAt(two, new Date(Number.NaN), 1, 2)],
      [TypeError, () => spin.scheduleAt(two, date as Date, 1, 2)],
      ...badDelays.map(
        ([expected, ms]) => [expected, () => spin.scheduleIn(two, ms as number, 1, 2)] as const,
      ),
      [/scheduleIn: ms must be .* 3155760000000/v, () => spin.scheduleIn(two, 1e13, 1, 2)],
      ...badArguments.map(
        (argument) => [InvalidJobArgumentsError, () => spin.schedule(two, 1, argument)] as const,
      ),
      [/args\[1\]\.a\[0\]/v, () => spin.schedule(two, 1, { a: [() => 1] })],
      [/kwargs\.k/v, () => spin.schedule("two", 1, kwargs({ k: 1n }))],
    ]);
  });

  it("refuse a whole batch for one bad job, naming which", async () => {
    const bench = engineBench();
    const two = bench.spin.task("two", (_a: unknown, _b: unknown) => undefined);
    const bad = (add: (batch: Batch) => unknown): Batch => {
      const batch = new Batch().schedule(two, 1, 2);
      add(batch);
      return batch.schedule(two, 3, 4);
    };
    const batches: ReadonlyArray<readonly [object, Batch]> = [
      [UnknownTaskError, bad((batch) => batch.schedule("none"))],
      [InvalidJobSignatureError, bad((batch) => batch.schedule("two", 1))],
      [InvalidJobArgumentsError, bad((batch) => batch.schedule(two, 1, 1n))],
      [RangeError, bad((batch) => batch.scheduleAt(two, new Date(Number.NaN), 1, 2))],
      [RangeError, bad((batch) => batch.scheduleIn(two, -1, 1, 2))],
      [/^\w+: job 1 of the batch: /v, bad((batch) => batch.schedule(two, 1, 1n))],
    ];
    await refusesAll(
      bench,
      batches.map(
        ([expected, batch]) => [expected, () => bench.spin.scheduleBatch(batch)] as const,
      ),
    );
  });

  it("scheduleBatch() goes in chunks of 10,000 and tells how many are in when one fails", async () => {
    const { spin, broker } = engineBench();
    const noop = spin.task("noop", () => undefined);
    const batch = new Batch();
    for (let index = 0; index < 25_000; index += 1) batch.schedule(noop);
    broker.failNext("enqueue", "before");
    await assert.rejects(spin.scheduleBatch(batch), BrokerError);
    assert.equal((await spin.scheduleBatch(batch)).length, 25_000);
    assert.equal(broker.calls.enqueue, 4);
    broker.failNext("enqueue", "none", "none", "before");
    await assert.rejects(spin.scheduleBatch(batch), (error) => {
      assert.ok(error instanceof BatchInterruptedError && error.cause instanceof BrokerError);
      assert.deepEqual([error.scheduled, error.total], [20_000, 25_000]);
      return true;
    });
  });

  it("scheduleBatch() starts the broker, as schedule() does", async () => {
    const { spin, broker } = engineBench();
    await spin.scheduleBatch(new Batch().schedule(spin.task("noop", () => undefined)));
    assert.equal(broker.calls.start, 1);
  });

  it("however many jobs are made in a millisecond, each is of that one", async () => {
    const { spin, broker, runtime } = engineBench();
    const wires: string[] = [];
    const enqueue = broker.enqueue.bind(broker);
    broker.enqueue = (jobs) => {
      wires.push(...jobs.map(({ wire }) => wire));
      return enqueue(jobs);
    };
    const batch = new Batch();
    const noop = spin.task("noop", () => undefined);
    for (let index = 0; index < 1500; index += 1) batch.schedule(noop);
    await spin.scheduleBatch(batch);
    const times = new Set(wires.map((wire) => decodeJob(wire).job.at.getTime()));
    assert.deepEqual([...times], [runtime.clock.now()]);
  });

  it("an empty batch is no trip", async () => {
    const { spin, broker } = engineBench();
    assert.deepEqual(await spin.scheduleBatch(new Batch()), []);
    assert.equal(broker.calls.enqueue, 0);
  });
});

describe("Engine tasks", () => {
  it("stay callable, and carry their name", () => {
    const { spin } = engineBench();
    const add = spin.task("add", (a: number, b: number) => a + b);
    assert.equal(add(1, 2), 3);
    assert.equal(add.taskName, "add");
    assert.equal(add.with({ queue: "q" })(3, 4), 7);
  });

  it("come from attached registries, and from what is registered there later", async () => {
    const bench = engineBench();
    const ran: string[] = [];
    const tasks = new Tasks();
    tasks.task("early", () => ran.push("early"));
    bench.spin.attachTasks(tasks, new Tasks());
    bench.spin.attachTasks(tasks);
    const late = tasks.task("late", () => ran.push("late"));
    await bench.spin.schedule("early");
    await bench.spin.schedule(late);
    await drain(bench);
    assert.deepEqual(ran, ["early", "late"]);
  });

  it("have one name each in an engine: a registry that takes one is left out whole", async () => {
    const { spin } = engineBench();
    spin.task("taken", () => undefined);
    assert.throws(() => spin.task("taken", () => undefined), RangeError);
    const tasks = new Tasks();
    tasks.task("free", () => undefined);
    tasks.task("taken", () => undefined);
    assert.throws(() => {
      spin.attachTasks(tasks);
    }, /"taken" is already registered/v);
    await assert.rejects(spin.schedule("free"), UnknownTaskError);
    const attached = new Tasks();
    spin.attachTasks(attached);
    assert.throws(() => attached.task("taken", () => undefined), RangeError);
    assert.deepEqual(attached.definitions, []);
  });

  it("of a registry that is not attached do not stand for their namesakes here", async () => {
    const bench = engineBench();
    const { spin } = bench;
    const own = spin.task("mail", (_to: string) => undefined);
    const attached = new Tasks();
    const there = attached.task("there", () => undefined);
    spin.attachTasks(attached);
    const strange = new Tasks({ queue: "far" }).task("mail", { maxRetries: 5 }, (_to: string) => 1);
    const declared = new Tasks().declare<[string]>("mail");
    await refusesAll(bench, [
      [RangeError, () => spin.schedule(strange, "Ada")],
      [
        /task "mail" is of a registry that is not attached, .* another task/v,
        () => spin.schedule(strange, "Ada"),
      ],
      [RangeError, () => spin.schedule(strange.with({ queue: "q" }), "Ada")],
      [RangeError, () => spin.scheduleAt(strange, new Date(0), "Ada")],
      [
        /job 1 of the batch: .* not attached/v,
        () => spin.scheduleBatch(new Batch().schedule(own, "Ada").schedule(strange, "Ada")),
      ],
      [RangeError, () => spin.schedule(declared, "Ada")],
      [RangeError, () => spin.execute(strange, "Ada")],
    ]);
    await spin.schedule(own.with({ maxRetries: 1 }).with({ queue: "q" }), "Ada");
    await spin.schedule(there.with({ timeout: 5 }));
    assert.equal(bench.broker.calls.enqueue, 2);
  });

  it("are scheduled through currentEngine() as through the engine", async () => {
    const bench = engineBench();
    const { spin } = bench;
    const ran: string[] = [];
    const next = spin.task("next", () => ran.push("next"));
    const strange = new Tasks().task("next", () => undefined);
    const first = spin.task("first", async () => {
      await currentEngine()?.schedule(next.with({ maxRetries: 1 }));
      await assert.rejects(async () => currentEngine()?.schedule(strange), /not attached/v);
      ran.push("first");
    });
    await spin.schedule(first);
    await drain(bench);
    assert.deepEqual(ran.toSorted(), ["first", "next"]);
  });

  it("that are only declared can be scheduled, and run where their function lives", async () => {
    const producer = engineBench();
    const worker = engineBench(producer);
    const remote = new Tasks().declare<[number]>("remote", { queue: "far", maxRetries: 1 });
    const registry = new Tasks();
    const declared = registry.declare<[number]>("remote", { queue: "far", maxRetries: 1 });
    producer.spin.attachTasks(registry);
    const got: number[] = [];
    worker.spin.task("remote", (value: number) => got.push(value));
    await producer.spin.schedule(declared, 7);
    await drain(worker, { queue: "far" });
    assert.deepEqual(got, [7]);
    assert.throws(() => remote(1), /only declared/v);
    await assert.rejects(producer.spin.execute(declared, 1), UnknownTaskError);
  });

  it("that this process does not know fail, and the workers go on", async () => {
    const producer = engineBench();
    const worker = engineBench(producer);
    const { lines } = recordEvents(worker.spin);
    producer.spin.task("elsewhere", () => undefined);
    producer.spin.task("here", () => undefined);
    worker.spin.task("here", () => undefined);
    await producer.spin.schedule("elsewhere");
    await producer.spin.schedule("here");
    await drain(worker);
    assert.equal(lines.length, 4);
    assert.match(lines[0] ?? "", /^failed elsewhere FAILED \(unknown task "elsewhere"/v);
    assert.equal(lines.at(-1), "finished here SUCCEEDED");
  });
});

describe("Engine execute()", () => {
  it("runs the task here and now, as a job would", async () => {
    const { spin, broker } = engineBench();
    const add = spin.task("add", async (a: number, b: number) => {
      await Promise.resolve();
      assert.deepEqual(currentJob()?.args, [a, b]);
      return a + b;
    });
    const sum: number = await spin.execute(add, 1, 2);
    assert.equal(sum, 3);
    assert.equal(broker.calls.start + broker.calls.enqueue, 0);
  });

  it("rejects with what the task throws, and with what schedule() would", async () => {
    const { spin } = engineBench();
    const fail = spin.task("fail", (what: string) => {
      throw new RangeError(what);
    });
    await assert.rejects(spin.execute(fail, "this"), { name: "RangeError", message: "this" });
    await assert.rejects(spin.execute("fail"), InvalidJobSignatureError);
    await assert.rejects(spin.execute("fail", 1n), InvalidJobArgumentsError);
    await assert.rejects(spin.execute("none"), UnknownTaskError);
  });
});

describe("Engine startWorkers()", () => {
  it("works on several queues at once", async () => {
    const bench = engineBench();
    const ran: string[] = [];
    bench.spin.task("a", { queue: "a" }, () => ran.push("a"));
    bench.spin.task("b", { queue: "b" }, () => ran.push("b"));
    const a = await startWorkers(bench, { queue: "a" });
    await bench.spin.schedule("b");
    await bench.spin.schedule("a");
    await bench.runtime.advance(1);
    assert.deepEqual(ran, ["a"]);
    await startWorkers(bench, { queue: "b" });
    await bench.runtime.advance(1);
    assert.deepEqual(ran, ["a", "b"]);
    await a.stop();
    await bench.spin.schedule("b");
    await bench.runtime.advance(1);
    assert.deepEqual(ran, ["a", "b", "b"]);
    await bench.spin.close();
  });

  it("refuses a queue twice, workers twice, and options that are not valid", async () => {
    const { spin } = engineBench();
    const workers = new AsyncWorkers();
    const running = await spin.startWorkers({ workers });
    await assert.rejects(
      spin.startWorkers({ workers: new AsyncWorkers() }),
      /already has workers/v,
    );
    await assert.rejects(spin.startWorkers({ workers, queue: "q" }), /started before/v);
    await assert.rejects(
      spin.startWorkers({ workers: new AsyncWorkers(), queue: "_q" }),
      RangeError,
    );
    await assert.rejects(spin.startWorkers({ workers: new AsyncWorkers(), queue: "" }), RangeError);
    await assert.rejects(running.stop({ timeout: -1 }), RangeError);
    await assert.rejects(running.stop({ timeout: Number.NaN }), RangeError);
    await running.stop();
    await (await spin.startWorkers({ workers: new AsyncWorkers() })).stop();
  });

  it("rejects if the broker cannot start, leaves nothing, and may be called again", async () => {
    const bench = engineBench();
    bench.broker.failNext("start", "before");
    await assert.rejects(startWorkers(bench), BrokerError);
    bench.broker.failNext("start", "before");
    await assert.rejects(
      bench.spin.schedule(bench.spin.task("noop", () => undefined)),
      BrokerError,
    );
    assert.equal(bench.runtime.pendingTimers, 0);
    await bench.spin.schedule("noop");
    await drain(bench);
    assert.equal(await bench.broker.isQueueEmpty("spinach"), true);
  });

  it("rejects with what the broker said where the workers are threads", async () => {
    for (const workers of [new ThreadWorkers(), new AsyncWorkers({ threads: 1 })]) {
      const { broker, spin } = engineBench();
      broker.failNext("start", "before");
      await assert.rejects(spin.startWorkers({ workers }), BrokerError);
      await spin.close();
    }
  });

  it("is disposed of by `await using`", async () => {
    const bench = engineBench();
    {
      await using running = await startWorkers(bench);
      assert.ok(running.finished instanceof Promise);
    }
    assert.equal(bench.runtime.pendingTimers, 0);
  });
});

describe("Engine stopWorkers(), close()", () => {
  it("[G15] are safe before a start, while starting, twice, and leave nothing", async () => {
    for (const turns of [0, 1, 2, 3, 5, 8]) {
      const bench = engineBench();
      await bench.spin.stopWorkers();
      const starting = startWorkers(bench);
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      const closing = Promise.all([
        bench.spin.close(),
        bench.spin.stopWorkers(),
        bench.spin.close(),
      ]);
      await Promise.allSettled([starting]);
      await closing;
      await bench.spin.close();
      assert.equal(bench.runtime.pendingTimers, 0, `closed ${turns} microtasks after the start`);
    }
  });

  it("[G15] stress: starts and stops in any order leave nothing and lose nothing", async () => {
    const bench = engineBench();
    let runs = 0;
    const noop = bench.spin.task("noop", async () => {
      await Promise.resolve();
      runs += 1;
    });
    for (let round = 0; round < 100; round += 1) {
      await bench.spin.schedule(noop);
      const starting = startWorkers(bench);
      const turns = Math.floor(bench.runtime.random() * 20);
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      await Promise.all([bench.spin.stopWorkers(), bench.spin.stopWorkers({ timeout: 0 })]);
      await starting;
      await bench.spin.stopWorkers();
    }
    await drain(bench);
    assert.equal(runs, 100);
    assert.equal(bench.runtime.pendingTimers, 0);
  });

  it("close() ends the engine: what comes later is refused", async () => {
    const bench = engineBench();
    const noop = bench.spin.task("noop", () => undefined);
    const running = await startWorkers(bench);
    await bench.spin.close();
    await running.finished;
    await assert.rejects(bench.spin.schedule(noop), EngineClosedError);
    await assert.rejects(bench.spin.scheduleBatch(new Batch().schedule(noop)), EngineClosedError);
    await assert.rejects(startWorkers(bench), EngineClosedError);
  });

  for (const when of ["while it closes", "once it is closed"]) {
    it(`[G1] what a task of it schedules ${when} is refused: nobody would run it`, async () => {
      const bench = engineBench();
      const { promise: gate, resolve: openGate } = Promise.withResolvers<void>();
      const { promise: outcome, resolve } = Promise.withResolvers<unknown>();
      bench.spin.task("noop", () => undefined);
      bench.spin.task("late", async () => {
        await gate;
        resolve(
          await currentEngine()
            ?.schedule("noop")
            .catch((error: unknown) => error),
        );
      });
      await bench.spin.schedule("late");
      await startWorkers(bench);
      await bench.runtime.advance(1);
      const closing = bench.spin.close({ timeout: 1000 });
      if (when === "once it is closed") await passUntil(bench.runtime, closing);
      openGate();
      await settled();
      assert.ok((await outcome) instanceof EngineClosedError);
      await passUntil(bench.runtime, closing);
      assert.equal(bench.broker.calls.enqueue, 1);
    });
  }

  it("stopWorkers() does not: it schedules and works again", async () => {
    const bench = engineBench();
    let runs = 0;
    const count = bench.spin.task("count", () => {
      runs += 1;
    });
    await startWorkers(bench);
    await bench.spin.stopWorkers();
    await bench.spin.schedule(count);
    await drain(bench);
    assert.equal(runs, 1);
  });
});

describe("Engine options", () => {
  it("a logger goes before the runtime's", async () => {
    const runtime = new FakeRuntime();
    const logger = new RecordingLogger();
    const spin = new Engine(new MemoryBroker(), { runtime, logger });
    spin.on("jobFailed", () => undefined);
    const fail = spin.task("fail", () => {
      throw new Error("no");
    });
    await spin.schedule(fail);
    await spin.run({ workers: new AsyncWorkers(), stopWhenQueueEmpty: true });
    assert.ok(logger.lines.some(({ message }) => message === "fail failed after 1 of 1 attempts"));
    assert.deepEqual(runtime.logs, []);
  });

  it("are checked, and name the option", () => {
    assert.throws(
      () => new Engine(new MemoryBroker(), { namespace: "" }),
      /namespace must not be/v,
    );
    const five: unknown = 5;
    assert.throws(() => new Engine(new MemoryBroker(), { namespace: five as string }), TypeError);
  });

  it("a broker belongs to one engine", () => {
    const broker = new MemoryBroker();
    new Engine(broker);
    assert.throws(() => new Engine(broker), TypeError);
  });
});

describe("Engine events", () => {
  it("tell the life of a job, with error and duration, here and on diagnostics_channel", async () => {
    const bench = engineBench();
    const published: unknown[] = [];
    const onMessage = (message: unknown): void => {
      published.push(message);
    };
    subscribe("spinach:jobFinished", onMessage);
    try {
      const { lines } = recordEvents(bench.spin);
      bench.spin.task("good", () => undefined);
      bench.spin.task("flaky", { maxRetries: 1 }, () => {
        throw new Error("no");
      });
      await bench.spin.schedule("good");
      await bench.spin.schedule("flaky");
      await drain(bench);
      assert.deepEqual(lines, [
        "started good RUNNING",
        "finished good SUCCEEDED",
        "started flaky RUNNING",
        "retryscheduled flaky WAITING (no)",
        "finished flaky WAITING (no)",
      ]);
      assert.equal(published.length, 2);
      const [event] = published;
      assert.ok(typeof event === "object" && event !== null && "namespace" in event);
      assert.equal(event.namespace, "spinach");
      assert.ok("durationMs" in event && typeof event.durationMs === "number");
    } finally {
      unsubscribe("spinach:jobFinished", onMessage);
    }
  });

  it("a receiver that throws is logged and hurts nothing", async () => {
    const bench = engineBench();
    let runs = 0;
    bench.spin.task("count", () => {
      runs += 1;
    });
    const thrower = (): never => {
      throw new Error("bad receiver");
    };
    const names = ["jobStarted", "jobFinished", "workerStarted", "workerTerminated"] as const;
    for (const name of names) bench.spin.on(name, thrower);
    bench.spin.on("jobFinished", async () => {
      throw new Error("bad later");
    });
    await bench.spin.schedule("count");
    await drain(bench);
    for (const name of names) bench.spin.off(name, thrower);
    await bench.spin.schedule("count");
    await drain(bench);
    assert.equal(runs, 2);
    const faults = bench.runtime.logs.filter(({ message }) => message.startsWith("a receiver of"));
    assert.equal(faults.length, 6);
  });

  it("workers are told of too", async () => {
    const bench = engineBench();
    const events: string[] = [];
    bench.spin.on("workerStarted", ({ workerName }) => events.push(`started ${workerName}`));
    bench.spin.on("workerTerminated", ({ workerName }) => events.push(`terminated ${workerName}`));
    await drain(bench);
    assert.deepEqual(events, ["started spinach-async-worker", "terminated spinach-async-worker"]);
  });

  it("unknown events and receivers that are none are refused", () => {
    const { spin } = engineBench();
    const name: unknown = "jobDone";
    assert.throws(() => spin.on(name as "jobFailed", () => undefined), /no event "jobDone"/v);
    const receiver: unknown = 5;
    assert.throws(() => spin.on("jobFailed", receiver as () => void), TypeError);
  });
});

describe("Engine logs", () => {
  it("failures as errors, retries as warnings, with the job; nothing for what went well at warn", async () => {
    const bench = engineBench();
    bench.spin.task("good", () => undefined);
    bench.spin.task("bad", { maxRetries: 1 }, () => {
      throw new Error("no");
    });
    await bench.spin.schedule("good");
    const { id } = await bench.spin.schedule("bad");
    const running = await startWorkers(bench);
    await bench.runtime.advance(10_000);
    await running.stop();
    const lines = bench.runtime.logs.filter(({ level }) => level === "warn" || level === "error");
    assert.equal(lines.length, 2);
    assert.match(lines[0]?.message ?? "", /^bad failed in attempt 1 of 2, next at 2026-01-01T/v);
    assert.equal(lines[1]?.message, "bad failed after 2 of 2 attempts");
    for (const { fields } of lines) assert.ok("job" in fields && fields.job === id);
  });

  it("currentJob().logger carries the job", async () => {
    const bench = engineBench();
    bench.spin.task("speak", () => {
      currentJob()?.logger.warn({ extra: 1 }, "hello");
    });
    const { id } = await bench.spin.schedule("speak");
    await drain(bench);
    const line = bench.runtime.logs.find(({ message }) => message === "hello");
    assert.deepEqual(line?.fields, { job: id, task: "speak", extra: 1 });
  });
});

describe("the arbiter's trips", () => {
  it("256 jobs on 256 coroutines cost two: one that takes, one that settles", async () => {
    const bench = engineBench();
    const noop = bench.spin.task("noop", async () => {
      await Promise.resolve();
    });
    const batch = new Batch();
    for (let index = 0; index < 256; index += 1) batch.schedule(noop);
    await bench.spin.scheduleBatch(batch);
    await drain(bench, { number: 256 });
    assert.equal(bench.broker.calls.exchange, 2);
  });

  it("an idle arbiter makes one trip a minute, and none is lost to a busy one", async () => {
    const bench = engineBench();
    const running = await startWorkers(bench);
    await bench.runtime.advance(1);
    const before = bench.broker.calls.exchange;
    await bench.runtime.advance(10 * 60_000);
    assert.equal(bench.broker.calls.exchange - before, 10);
    assert.equal(bench.broker.calls.register, 6, "[G10] and states its tasks every other time");
    assert.ok(bench.broker.calls.tick <= 1);
    await running.stop();
  });

  it("a wake-up that comes while a trip is under way is heard", async () => {
    const bench = engineBench();
    let runs = 0;
    const count = bench.spin.task("count", () => {
      runs += 1;
    });
    const release = bench.broker.holdNext("exchange");
    const running = await startWorkers(bench);
    await bench.runtime.advance(1);
    assert.equal(bench.broker.calls.exchange, 1, "a trip is under way, and found nothing");
    await bench.spin.schedule(count);
    release();
    await bench.runtime.advance(1);
    assert.equal(runs, 1);
    await running.stop();
  });

  it("a job that comes while the arbiter asks if the queue is empty is not left behind", async () => {
    const bench = engineBench();
    let runs = 0;
    const count = bench.spin.task("count", () => {
      runs += 1;
    });
    const release = bench.broker.holdNext("isQueueEmpty");
    const workers = new AsyncWorkers();
    const running = await bench.spin.startWorkers({ workers, stopWhenQueueEmpty: true });
    await bench.runtime.advance(1);
    await bench.spin.schedule(count);
    release();
    await bench.runtime.advance(1);
    assert.equal(runs, 1);
    await running.finished;
  });

  it("jobs that end while a trip is under way share the next one", async () => {
    const bench = engineBench();
    const noop = bench.spin.task("noop", async () => {
      await Promise.resolve();
    });
    const running = await startWorkers(bench, { number: 30 });
    await bench.runtime.advance(1);
    for (let index = 0; index < 10; index += 1) await bench.spin.schedule(noop);
    const release = bench.broker.holdNext("exchange");
    await bench.runtime.advance(1);
    const before = bench.broker.calls.exchange;
    release();
    await bench.runtime.advance(1);
    assert.ok(bench.broker.calls.exchange - before <= 1, "ten jobs ended");
    await running.stop();
  });

  it("a job that is longer than a trip is not taken before a slot is free for it", async () => {
    const bench = engineBench();
    const { runtime, spin } = bench;
    const task = spin.task("task", async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      runtime.timers.set(resolve, 2);
      await promise;
    });
    for (let index = 0; index < 50; index += 1) await spin.schedule(task);
    await drain(bench, { number: 1 });
    assert.equal(bench.broker.calls.exchange, 51);
  });
});
