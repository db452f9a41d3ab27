/** Jobs that are taken before a slot is free for them, because they are shorter than a trip. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { ExchangeReply, ExchangeRequest } from "../../src/brokers/broker.ts";
import { MemoryBroker } from "../../src/brokers/memory/memory-broker.ts";
import { MemoryStore } from "../../src/brokers/memory/memory-store.ts";
import { Batch } from "../../src/core/batch.ts";
import { Engine } from "../../src/engine/engine.ts";
import { FakeRuntime } from "../../src/testing/fake-runtime.ts";
import { AsyncWorkers } from "../../src/workers/async-workers.ts";
import { drain, engineBench, type EngineBench, passUntil, startWorkers } from "./engine-bench.ts";

/** After so many short jobs in a row the next are taken to be short too. */
const SHORT_JOBS = 16;

interface Gate {
  readonly open: () => void;
  /** What started, in order. */
  readonly started: string[];
}

/** Tasks: `short` notes its number and ends; `long` does not end before the gate is opened. */
function addTasks({ spin }: Pick<EngineBench, "spin">, started: string[] = []): Gate {
  const gate = Promise.withResolvers<void>();
  spin.task("short", async (index: number) => {
    started.push(`short ${index}`);
    await Promise.resolve();
  });
  spin.task("long", async () => {
    started.push("long");
    await gate.promise;
  });
  return { open: gate.resolve, started };
}

/** Notes the trips, and when the jobs of each are read. */
class NotingBroker extends MemoryBroker {
  readonly notes: string[] = [];

  override async exchange(request: ExchangeRequest): Promise<ExchangeReply> {
    const { notes } = this;
    notes.push("trip");
    const { count, jobs, more, nextDueMs } = await super.exchange(request);
    return {
      count,
      more,
      nextDueMs,
      get jobs() {
        notes.push("read");
        return jobs;
      },
    };
  }
}

/** Short jobs, then a long one, and some that the same trip brings. */
async function scheduleMixed({ spin }: EngineBench, behind: number): Promise<void> {
  const batch = new Batch();
  for (let index = 0; index < SHORT_JOBS; index += 1) batch.schedule("short", index);
  batch.schedule("long");
  for (let index = 0; index < behind; index += 1) batch.schedule("short", SHORT_JOBS + index);
  await spin.scheduleBatch(batch);
}

describe("the local queue", () => {
  it("[G9] takes short jobs ahead, and starts them in order", async () => {
    const bench = engineBench();
    const { started } = addTasks(bench);
    const batch = new Batch();
    for (let index = 0; index < 100; index += 1) batch.schedule("short", index);
    await bench.spin.scheduleBatch(batch);
    await drain(bench, { number: 1 });
    assert.deepEqual(
      started,
      Array.from({ length: 100 }, (_, index) => `short ${index}`),
    );
    const { exchange } = bench.broker.calls;
    assert.ok(exchange < 65, `${exchange} trips: one for each of the first, then two jobs a trip`);
  });

  it("gives back what waits behind a job that is longer after all", async () => {
    const bench = engineBench();
    const { started, open } = addTasks(bench);
    await scheduleMixed(bench, 1);
    const running = await startWorkers(bench, { number: 1 });
    await bench.runtime.advance(5);
    assert.equal(started.at(-1), "long");
    const held = await bench.broker.reconcile({ queues: ["spinach"], known: new Set() });
    assert.equal(held.length, 2, "the long one, and one ahead");
    const other = engineBench(bench);
    const others = addTasks(other);
    const otherRunning = await startWorkers(other, { number: 1 });
    await bench.runtime.advance(20);
    assert.deepEqual(others.started, [`short ${SHORT_JOBS}`]);
    open();
    await bench.runtime.advance(1);
    await running.stop();
    await otherRunning.stop();
    assert.equal(started.length, SHORT_JOBS + 1, "each job once");
  });

  it("[G1] a stop gives back what never started, at most once jobs too", async () => {
    const bench = engineBench();
    const { started, open } = addTasks(bench);
    await scheduleMixed(bench, 1);
    const running = await startWorkers(bench, { number: 1 });
    await bench.runtime.advance(5);
    const stopping = running.stop();
    open();
    await bench.runtime.advance(1);
    await stopping;
    assert.equal(started.length, SHORT_JOBS + 1);
    await drain(bench, { number: 1 });
    assert.equal(started.at(-1), `short ${SHORT_JOBS}`);
    assert.equal(started.length, SHORT_JOBS + 2);
  });

  it("[G8] a lost lease drops what waits: it is others'", async () => {
    const bench = engineBench();
    const { started, open } = addTasks(bench);
    await scheduleMixed(bench, 1);
    const running = await startWorkers(bench, { number: 1 });
    await bench.runtime.advance(5);
    const rescuer = engineBench(bench);
    addTasks(rescuer);
    const { failed } = await rescuer.broker.rescue(bench.broker.id);
    assert.equal(failed.length, 2, "at most once: nobody knows that one never started");
    // By then what waits is overdue, and the trip that would give it back tells of the lost lease.
    await bench.runtime.advance(20);
    open();
    await bench.runtime.advance(120_000);
    assert.equal(started.length, SHORT_JOBS + 1);
    await running.stop();
  });

  it("[G4] a reconcile does not take what waits for lost", async () => {
    const bench = engineBench();
    const { started, open } = addTasks(bench);
    await scheduleMixed(bench, 3);
    const running = await startWorkers(bench, { number: 1 });
    bench.broker.failNext("exchange", "none", "none", "none", "after");
    await bench.runtime.advance(60_000);
    open();
    await bench.runtime.advance(120_000);
    assert.equal(new Set(started).size, started.length, "none started twice");
    assert.equal(started.length, SHORT_JOBS + 4);
    await running.stop();
  });

  it("reads what a trip brought once the next one is under way, where the two overlap", async () => {
    const runtime = new FakeRuntime();
    const broker = new NotingBroker({ store: new MemoryStore() });
    const spin = new Engine(broker, { runtime, logger: runtime.logger });
    const { started } = addTasks({ spin });
    const batch = new Batch();
    for (let index = 0; index < 640; index += 1) batch.schedule("short", index);
    await spin.scheduleBatch(batch);
    const workers = new AsyncWorkers({ number: 64 });
    const running = await spin.startWorkers({ workers, stopWhenQueueEmpty: true });
    await passUntil(runtime, running.finished);
    assert.deepEqual(
      started,
      Array.from({ length: 640 }, (_, index) => `short ${index}`),
    );
    const notes = broker.notes.join(" ");
    assert.ok(notes.startsWith("trip read"), "the first jobs are not kept waiting");
    assert.ok(notes.split("trip trip read").length > 4, notes);
  });
});
