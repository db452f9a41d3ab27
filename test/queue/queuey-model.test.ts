/** Whatever is called in whatever order, a Queuey behaves as its model: plain arrays. */
import assert from "node:assert/strict";
import { test } from "node:test";

import * as fc from "fast-check";

import {
  ItemNotTakenError,
  QueueClosedError,
  QueueTimeoutError,
  Queuey,
  type TakenItem,
} from "../../src/queuey.ts";

const NOW = { timeout: 0 };
const MAX_SIZE = 4;
/** Smaller than most values, so that pages are used; and few pages, so that they run out. */
const SIZES = { maxSize: MAX_SIZE, slotBytes: 16, maxBytes: 65_536 };
const PAGES = 4;
const THIRD = 1000;

type Value = string | Uint8Array;

interface Model {
  ready: Value[];
  taken: Value[];
  isClosed: boolean;
}

interface Real {
  readonly queue: Queuey<Value>;
  readonly taken: Array<TakenItem<Value>>;
}

type Step = fc.AsyncCommand<Model, Real>;

function pagesOf(value: Value): number {
  const length =
    typeof value === "string" ? Buffer.byteLength(JSON.stringify(value)) : value.length;
  return length > 16 ? Math.ceil(length / 16_384) : 0;
}

function hasRoom({ ready, taken }: Model, value: Value): boolean {
  const all = [...ready, ...taken];
  const pages = all.reduce((sum, each) => sum + pagesOf(each), 0);
  return all.length < MAX_SIZE && (pagesOf(value) === 0 || pages + pagesOf(value) <= PAGES);
}

function step(name: string, run: (model: Model, real: Real) => Promise<void>): Step {
  return {
    check: () => true,
    run: async (model, real) => {
      await run(model, real);
      const { queue } = real;
      assert.equal(queue.size, model.ready.length);
      assert.equal(queue.availableSlots, MAX_SIZE - model.ready.length - model.taken.length);
      assert.equal(queue.full, queue.availableSlots === 0);
      assert.equal(queue.closed, model.isClosed);
    },
    toString: () => name,
  };
}

const put = (value: Value, isAsync: boolean): Step =>
  step(`put(${value.length}, ${isAsync})`, async (model, { queue }) => {
    if (model.isClosed) return assert.throws(() => queue.putSync(value), QueueClosedError);
    if (!hasRoom(model, value)) {
      return assert.throws(() => queue.putSync(value, NOW), QueueTimeoutError);
    }
    if (isAsync) await queue.putAsync(value);
    else queue.putSync(value);
    model.ready.push(value);
    return undefined;
  });

const take = (isAsync: boolean): Step =>
  step(`take(${isAsync})`, async (model, { queue, taken }) => {
    const expected = model.ready.shift();
    if (expected === undefined) {
      const error = model.isClosed ? QueueClosedError : QueueTimeoutError;
      return assert.throws(() => queue.takeSync(NOW), error);
    }
    const item = isAsync ? await queue.takeAsync() : queue.takeSync();
    assert.deepEqual(item.value, expected);
    taken.push(item);
    model.taken.push(expected);
    return undefined;
  });

/** Done by ticket, or without one, with or without the lock. */
const done = (which: number, hasLock: boolean): Step =>
  step(`done(${which}, ${hasLock})`, async (model, { queue, taken }) => {
    if (taken.length === 0) return assert.throws(() => queue.taskDone(), ItemNotTakenError);
    const index = which % taken.length;
    const control = new Int32Array(queue.handle.control);
    if (!hasLock) control[16] = THIRD;
    queue.taskDone(index === 0 ? undefined : taken[index]?.ticket);
    control[16] = 0;
    taken.splice(index, 1);
    model.taken.splice(index, 1);
    return undefined;
  });

/** Another thread dies: inside the queue, or with an item that it had taken. */
const death = (isInside: boolean, hasTaken: boolean): Step =>
  step(`death(${isInside}, ${hasTaken})`, async (model, { queue }) => {
    const control = new Int32Array(queue.handle.control);
    const head = control[48] ?? -1;
    const expected: Value[] = [];
    if (hasTaken && head !== -1) {
      // It ended between the commit of its take and the change of the lists.
      control[64 + head * 8] = THIRD;
      expected.push(...model.ready.splice(0, 1));
    }
    if (isInside) control[16] = THIRD;
    const items = await queue.abandon(THIRD - 1);
    assert.deepEqual(
      items.map(({ value }) => value),
      expected,
    );
  });

const close: Step = step("close()", async (model, { queue }) => {
  queue.close();
  model.isClosed = true;
});

test("Queuey behaves as its model, through full, large, abandoned and closed", async () => {
  const size = fc.oneof(fc.nat(40), fc.integer({ min: 16_000, max: 40_000 }));
  const value = fc
    .tuple(size, fc.boolean())
    .map(([length, isText]) => (isText ? "x".repeat(length) : new Uint8Array(length).fill(length)));
  const steps = fc.commands(
    [
      fc.tuple(value, fc.boolean()).map((args) => put(...args)),
      fc.tuple(value, fc.boolean()).map((args) => put(...args)),
      fc.boolean().map(take),
      fc.tuple(fc.nat(8), fc.boolean()).map((args) => done(...args)),
      fc.tuple(fc.boolean(), fc.boolean()).map((args) => death(...args)),
      fc.nat(30).map((chance) => (chance === 0 ? close : take(true))),
    ],
    { size: "max", maxCommands: 60 },
  );
  const keepAlive = setInterval(() => {}, 1000);
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const setup = (): { model: Model; real: Real } => ({
        model: { ready: [], taken: [], isClosed: false },
        real: { queue: new Queuey<Value>(SIZES), taken: [] },
      });
      await fc.asyncModelRun(setup, all);
    }),
    { numRuns: 150 },
  );
  clearInterval(keepAlive);
});

test("Queuey carries any JSON value", () => {
  const queue = new Queuey({ maxSize: 1, slotBytes: 64 });
  // Without backslashes in keys: V8 can misread the key after one (docs/design.md).
  const json = fc.jsonValue().filter((value) => !JSON.stringify(value).includes("\\"));
  fc.assert(
    fc.property(json, (value) => {
      queue.putSync(value);
      // As text: JSON knows one zero.
      assert.equal(JSON.stringify(queue.getSync()), JSON.stringify(value));
      queue.taskDone();
    }),
  );
});
