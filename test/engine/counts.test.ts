/** What a job costs in calls, counted exactly: trips to the broker, and what is asked of the clock, timers and ids. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { MemoryBroker } from "../../src/brokers/memory/memory-broker.ts";
import { Batch } from "../../src/core/batch.ts";
import { Engine } from "../../src/engine/engine.ts";
import type { Runtime } from "../../src/platform/runtime.ts";
import { FakeRuntime } from "../../src/testing/fake-runtime.ts";
import { FaultBroker } from "../../src/testing/fault-broker.ts";
import { AsyncWorkers } from "../../src/workers/async-workers.ts";

const JOBS = 1000;

/** How often a runtime was asked for something. */
interface Asked {
  now: number;
  monotonic: number;
  timers: number;
  yields: number;
  random: number;
  ids: number;
}

interface Counts {
  readonly spin: Engine;
  readonly broker: FaultBroker;
  /** Counts from zero what `act` asks for. */
  during(act: () => Promise<unknown>): Promise<Asked>;
}

function counts(): Counts {
  const runtime = new FakeRuntime();
  const asked: Asked = { now: 0, monotonic: 0, timers: 0, yields: 0, random: 0, ids: 0 };
  const broker = new FaultBroker(new MemoryBroker());
  const spin = new Engine(broker, { runtime: counting(runtime, asked) });
  spin.task("noop", { maxRetries: 1 }, async () => undefined);
  return {
    spin,
    broker,
    during: async (act) => {
      const before = { ...asked };
      await act();
      const since = Object.entries(asked).map(([name, count]) => [
        name,
        count - before[name as keyof Asked],
      ]);
      return Object.fromEntries(since) as Asked;
    },
  };
}

function counting(runtime: Runtime, asked: Asked): Runtime {
  return {
    clock: {
      now: () => {
        asked.now += 1;
        return runtime.clock.now();
      },
      monotonic: () => {
        asked.monotonic += 1;
        return runtime.clock.monotonic();
      },
    },
    timers: {
      set: (callback, delayMs) => {
        asked.timers += 1;
        return runtime.timers.set(callback, delayMs);
      },
      yield: async () => {
        asked.yields += 1;
        await runtime.timers.yield();
      },
    },
    random: () => {
      asked.random += 1;
      return runtime.random();
    },
    newId: () => {
      asked.ids += 1;
      return runtime.newId();
    },
    logger: runtime.logger,
  };
}

async function scheduleAll({ spin }: Counts): Promise<void> {
  const batch = new Batch();
  for (let index = 0; index < JOBS; index += 1) batch.schedule("noop", index);
  await spin.scheduleBatch(batch);
}

async function runAll({ spin }: Counts, number: number): Promise<void> {
  const workers = new AsyncWorkers({ number });
  await (
    await spin.startWorkers({ workers, stopWhenQueueEmpty: true })
  ).finished;
}

/** At least once as the clock begins and ends a job, and as its trip does; to start and to stop a few more. */
const CLOCK_LOOKS = { aJob: 3, aTrip: 8, more: 20 };

describe(`${JOBS} no-op jobs`, () => {
  test("scheduled as a batch are 1 call of the broker, and ask for an id and the time each", async () => {
    const bench = counts();
    const asked = await bench.during(async () => scheduleAll(bench));
    assert.equal(bench.broker.calls.enqueue, 1);
    const { now, ids, ...others } = asked;
    assert.equal(ids, JOBS);
    assert.ok(now <= JOBS + 1, `${now} looks at the time`);
    // A call of the broker, not a job, looks whether the event loop must turn.
    assert.deepEqual(others, { monotonic: 0, timers: 0, yields: 1, random: 0 });
    await bench.spin.close();
  });

  for (const number of [1, 10, 256]) {
    test(`run ${number} at once in a trip for each ${number}, and 1 more`, async () => {
      const bench = counts();
      await scheduleAll(bench);
      await runAll(bench, number);
      const { exchange, tick, register, isQueueEmpty } = bench.broker.calls;
      assert.ok(exchange <= Math.ceil(JOBS / number) + 1, `${exchange} trips`);
      assert.deepEqual({ tick, register, isQueueEmpty }, { tick: 1, register: 1, isQueueEmpty: 1 });
      await bench.spin.close();
    });

    test(`run ${number} at once set a timer a trip, and none a job; nor do they need ids or chance`, async () => {
      const bench = counts();
      await scheduleAll(bench);
      const asked = await bench.during(async () => runAll(bench, number));
      const trips = bench.broker.calls.exchange;
      assert.deepEqual({ ids: asked.ids, random: asked.random }, { ids: 0, random: 0 });
      assert.ok(asked.timers <= trips + 8, `${asked.timers} timers in ${trips} trips`);
      assert.ok(asked.now <= trips + 4, `${asked.now} looks at the time in ${trips} trips`);
      const { aJob, aTrip, more } = CLOCK_LOOKS;
      const most = JOBS * aJob + trips * aTrip + more;
      assert.ok(asked.monotonic <= most, `${asked.monotonic} looks at the clock, not ${most}`);
      await bench.spin.close();
    });
  }
});
