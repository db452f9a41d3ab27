/** A loop that awaits one call after the other must not starve timers, sockets and jobs, though no call has to wait. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { MemoryBroker } from "../../src/brokers/memory/memory-broker.ts";
import { SqliteBroker } from "../../src/brokers/sqlite/sqlite-broker.ts";
import { Batch } from "../../src/core/batch.ts";
import { Engine } from "../../src/engine/engine.ts";
import { Queuey } from "../../src/queue/queuey.ts";
import { within } from "../../src/testing/waits.ts";
import { AsyncWorkers } from "../../src/workers/async-workers.ts";
import { temporaryFolder } from "../brokers/sqlite/temporary-folder.ts";

/** So many calls take far longer than a turn of the event loop may. */
const MAX_CALLS = 200_000;
const TURNS = 3;

/** Too long for others to be fetched ahead: each is a trip, and none of them need wait. */
const BUSY_MS = 4;
const JOBS = 100;

/** So many jobs that are due take some twenty calls, of which one takes longer than a turn may, or a few do. */
const BACKLOG = 100_000;
const MOST_IN_ONE_TURN = 5;

/** Calls again and again until the event loop has turned some times. */
async function turnsDuring(call: (index: number) => Promise<unknown>): Promise<number> {
  let turns = 0;
  let isOver = false;
  const turned = (): void => {
    turns += 1;
    if (!isOver) setImmediate(turned);
  };
  setImmediate(turned);
  for (let index = 0; turns < TURNS && index < MAX_CALLS; index += 1) await call(index);
  isOver = true;
  return turns;
}

suite("a loop of calls that are awaited lets the event loop turn", () => {
  test("schedule() on a memory broker", async () => {
    await using spin = new Engine(new MemoryBroker());
    const noop = spin.task("noop", (index: number) => index);
    assert.equal(await turnsDuring((index) => spin.schedule(noop, index)), TURNS);
  });

  test("schedule() on SQLite", async (t) => {
    const folder = temporaryFolder();
    t.after(() => {
      folder.remove();
    });
    await using spin = new Engine(new SqliteBroker(folder.file("fair.db")));
    const noop = spin.task("noop", (index: number) => index);
    assert.equal(await turnsDuring((index) => spin.schedule(noop, index)), TURNS);
  });

  test("the promotion of a backlog of due jobs, on SQLite", async (t) => {
    const folder = temporaryFolder();
    t.after(() => {
      folder.remove();
    });
    const broker = new SqliteBroker(folder.file("backlog.db"));
    const promoted = Promise.withResolvers<void>();
    const tick = broker.tick.bind(broker);
    let [turns, lastTurns, inOneTurn, most, isOver] = [0, 0, 0, 0, false];
    broker.tick = async () => {
      inOneTurn = turns === lastTurns ? inOneTurn + 1 : 1;
      lastTurns = turns;
      most = Math.max(most, inOneTurn);
      const due = await tick();
      if (due.nextDueMs === undefined) promoted.resolve();
      return due;
    };
    await using spin = new Engine(broker);
    const due = spin.task("due", { queue: "elsewhere" }, () => undefined);
    const batch = new Batch();
    const at = new Date(Date.now() + 500);
    for (let job = 0; job < BACKLOG; job += 1) batch.scheduleAt(due, at);
    await spin.scheduleBatch(batch);
    await sleep(Math.max(0, at.getTime() - Date.now()) + 1);
    const turned = (): void => {
      turns += 1;
      if (!isOver) setImmediate(turned);
    };
    setImmediate(turned);
    await spin.startWorkers({ workers: new AsyncWorkers() });
    await within("all are promoted", promoted.promise);
    isOver = true;
    assert.ok(most <= MOST_IN_ONE_TURN, `${most} calls in one turn of the event loop`);
  });

  test("execute()", async () => {
    await using spin = new Engine(new MemoryBroker());
    const noop = spin.task("noop", (index: number) => index);
    assert.equal(await turnsDuring((index) => spin.execute(noop, index)), TURNS);
  });

  test("workers with one slot, whose jobs keep it busy one after the other", async () => {
    await using spin = new Engine(new MemoryBroker());
    const allRan = Promise.withResolvers<void>();
    let [runs, turns] = [0, 0];
    const turned = (): void => {
      turns += 1;
      if (runs < JOBS) setImmediate(turned);
    };
    const busy = spin.task("busy", () => {
      const untilMs = performance.now() + BUSY_MS;
      while (performance.now() < untilMs);
      if (runs === 0) setImmediate(turned);
      runs += 1;
      if (runs === JOBS) allRan.resolve();
    });
    const batch = new Batch();
    for (let job = 0; job < JOBS; job += 1) batch.schedule(busy);
    await spin.scheduleBatch(batch);
    await spin.startWorkers({ workers: new AsyncWorkers({ number: 1 }) });
    await within("all jobs run", allRan.promise);
    assert.ok(turns >= JOBS / 4, `it turned ${turns} times in ${JOBS} jobs of ${BUSY_MS} ms`);
  });

  const refused: Readonly<Record<string, (spin: Engine) => Promise<unknown>>> = {
    "schedule() of a task that nobody knows": (spin) => spin.schedule("nowhere"),
    "scheduleAt() with arguments that JSON cannot carry": (spin) =>
      spin.scheduleAt("throws", new Date(), () => undefined),
    "scheduleBatch() of an empty batch": (spin) => spin.scheduleBatch(new Batch()),
    "scheduleBatch() of a task that nobody knows": (spin) =>
      spin.scheduleBatch(new Batch().schedule("nowhere")),
    "execute() of a task that throws": (spin) => spin.execute("throws"),
  };
  for (const [what, call] of Object.entries(refused)) {
    test(`${what}, again at once whenever it is refused`, async () => {
      await using spin = new Engine(new MemoryBroker());
      spin.task("throws", () => {
        throw new Error("as it is asked to");
      });
      assert.equal(await turnsDuring(() => call(spin).catch(() => undefined)), TURNS);
    });
  }

  test("schedule() of an engine that is closed, again at once whenever it is refused", async () => {
    const spin = new Engine(new MemoryBroker());
    await spin.close();
    assert.equal(await turnsDuring(() => spin.schedule("task").catch(() => undefined)), TURNS);
  });

  test("putAsync() and getAsync() of a Queuey that is closed, again at once whenever they are refused", async () => {
    const queue = new Queuey<number>({ maxSize: 2 });
    queue.close();
    assert.equal(await turnsDuring(() => queue.putAsync(1).catch(() => undefined)), TURNS);
    assert.equal(await turnsDuring(() => queue.getAsync().catch(() => undefined)), TURNS);
  });

  test("putAsync() of a Queuey", async () => {
    const queue = new Queuey<number>({ maxSize: 2 });
    const turns = await turnsDuring(async (index) => {
      await queue.putAsync(index);
      queue.getSync();
      queue.taskDone();
    });
    assert.equal(turns, TURNS);
  });

  test("getAsync() of a Queuey", async () => {
    const queue = new Queuey<number>({ maxSize: 2 });
    const turns = await turnsDuring(async (index) => {
      queue.putSync(index);
      await queue.getAsync();
      queue.taskDone();
    });
    assert.equal(turns, TURNS);
  });
});
