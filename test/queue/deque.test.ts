import assert from "node:assert/strict";
import { test } from "node:test";

import * as fc from "fast-check";

import { Deque } from "../../src/queue/deque.ts";

/** A step that does the same to the deque and to an array, and compares. */
type Step = fc.Command<{ array: number[] }, Deque<number>>;

function step(name: string, run: (array: number[], deque: Deque<number>) => void): Step {
  return {
    check: () => true,
    run: ({ array }, deque) => {
      run(array, deque);
      assert.equal(deque.length, array.length);
    },
    toString: () => name,
  };
}

const pushBack = (items: number[]): Step =>
  step(`pushBack(${items.join()})`, (array, deque) => {
    array.push(...items);
    for (const item of items) deque.pushBack(item);
  });

const pushFront = (items: number[]): Step =>
  step(`pushFront(${items.join()})`, (array, deque) => {
    array.unshift(...items.toReversed());
    for (const item of items) deque.pushFront(item);
  });

const popFront = (times: number): Step =>
  step(`popFront() x ${times}`, (array, deque) => {
    for (let index = 0; index < times; index += 1) assert.equal(deque.popFront(), array.shift());
  });

test("Deque behaves as an array does, through growth, shrinking and wrapping around", () => {
  const items = fc.array(fc.nat(), { maxLength: 40, size: "max" });
  const steps = fc.commands(
    [items.map(pushBack), items.map(pushFront), fc.nat({ max: 60 }).map(popFront)],
    { size: "max", maxCommands: 30 },
  );
  fc.assert(
    fc.property(steps, (all) => {
      fc.modelRun(() => ({ model: { array: [] }, real: new Deque<number>() }), all);
    }),
  );
});

test("[G9] Deque gives items back first in, first out", () => {
  const deque = new Deque<number>();
  const items = Array.from({ length: 1000 }, (_, index) => index);
  for (const item of items) deque.pushBack(item);
  assert.deepEqual(
    items.map(() => deque.popFront()),
    items,
  );
  assert.equal(deque.popFront(), undefined);
});

test("Deque holds undefined as any item", () => {
  const deque = new Deque<number | undefined>();
  deque.pushBack(undefined);
  deque.pushBack(1);
  assert.equal(deque.popFront(), undefined);
  assert.equal(deque.length, 1);
  assert.equal(deque.popFront(), 1);
});
