import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";

import { type Random, seededRandom } from "../seeded-random.ts";

/** A queue of jobs inside a process, as its two ends see it. */
export interface LocalQueueEnds<Item> {
  /** Puts an item at its end. */
  put(item: Item): void;
  /** Takes the oldest item, which is done with at once; `undefined` if there is none. Does not wait. */
  take(): Item | undefined;
  /** Items that wait. */
  readonly size: number;
}

/** A kind of local queue, for its conformance tests. */
export interface LocalQueueKind {
  readonly name: string;
  /** An empty queue that takes at least `room` items. */
  create(room: number): LocalQueueEnds<string>;
}

const ROOM = 1000;

/**
 * What every local queue promises, as tests of `node:test`: call it at the top of a test file. What only one that
 * blocks, or is shared by threads, promises is not here.
 *
 * @example
 * queueConformance({ name: "Deque", create: () => new Deque() });
 */
export function queueConformance(kind: LocalQueueKind): void {
  describe(`${kind.name} keeps the contract of local queues`, () => {
    let queue: LocalQueueEnds<string>;
    beforeEach(() => {
      queue = kind.create(ROOM);
    });
    afterEach(() => {
      while (queue.take() !== undefined);
      assert.equal(queue.size, 0);
    });

    it("an empty queue gives nothing", () => {
      assert.deepEqual([queue.take(), queue.size], [undefined, 0]);
    });

    it("gives items in the order in which they came, each once", () => {
      const items = Array.from({ length: ROOM }, (_, index) => `item ${index}`);
      for (const item of items) queue.put(item);
      assert.equal(queue.size, ROOM);
      assert.deepEqual(takeAll(queue), items);
      assert.equal(queue.take(), undefined);
    });

    it("gives each item as it came, whatever it is", () => {
      const items = [
        "",
        " ",
        "0",
        "null",
        "\0",
        "é ✓ 👍",
        "\u2028",
        "x".repeat(100_000),
        '{"a":[]}',
      ];
      for (const item of items) queue.put(item);
      assert.deepEqual(takeAll(queue), items);
    });

    it("goes on for ever with the room it has", () => {
      for (let index = 0; index < 20 * ROOM; index += 1) {
        queue.put(`item ${index}`);
        if (index >= ROOM - 1) assert.equal(queue.take(), `item ${index - ROOM + 1}`);
      }
      assert.equal(queue.size, ROOM - 1);
    });

    for (const seed of [1, 2, 3]) {
      it(`does as an array does, at random (seed ${seed})`, () => {
        behavesAsAnArray(queue, seededRandom(seed));
      });
    }
  });
}

function takeAll(queue: LocalQueueEnds<string>): readonly string[] {
  const items: string[] = [];
  for (let item = queue.take(); item !== undefined; item = queue.take()) items.push(item);
  return items;
}

function behavesAsAnArray(queue: LocalQueueEnds<string>, random: Random): void {
  const array: string[] = [];
  for (let step = 0; step < 5000; step += 1) {
    if (random() < 0.5 && array.length < ROOM) {
      const item = "x".repeat(random() * 50) + step;
      array.push(item);
      queue.put(item);
    } else {
      assert.equal(queue.take(), array.shift());
    }
    assert.equal(queue.size, array.length);
  }
}
