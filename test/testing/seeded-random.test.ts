import assert from "node:assert/strict";
import { test } from "node:test";

import * as fc from "fast-check";

import { type Random, seededIds, seededRandom } from "../../src/testing/seeded-random.ts";

function draw<Value>(source: () => Value, count: number): Value[] {
  return Array.from({ length: count }, () => source());
}

test("seededRandom() gives the same numbers for the same seed, from 0 to below 1", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const numbers = draw(seededRandom(seed), 50);
      assert.deepEqual(draw(seededRandom(seed), 50), numbers);
      assert(numbers.every((number) => number >= 0 && number < 1));
    }),
  );
});

test("seededRandom() is the mulberry32 that others know", () => {
  const known = [2_693_262_067, 11_749_833, 2_265_367_787].map((word) => word / 2 ** 32);
  assert.deepEqual(draw(seededRandom(1), 3), known);
});

test("seededRandom() counts only the low 32 bits of its seed", () => {
  assert.deepEqual(draw(seededRandom(7), 10), draw(seededRandom(7 + 2 ** 32), 10));
  assert.notDeepEqual(draw(seededRandom(7), 10), draw(seededRandom(8), 10));
});

test("seededRandom() spreads its numbers evenly enough to choose test cases", () => {
  const random: Random = seededRandom(1);
  const buckets = Array.from({ length: 10 }, () => 0);
  for (const number of draw(random, 10_000)) {
    const bucket = Math.floor(number * 10);
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }
  assert(
    buckets.every((count) => count > 900 && count < 1100),
    buckets.join(),
  );
});

test("seededIds() gives UUIDs that its source determines, each a new one", () => {
  const ids = draw(seededIds(seededRandom(1)), 1000);
  assert.equal(new Set(ids).size, 1000);
  for (const id of ids)
    assert.match(id, /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/);
  assert.deepEqual(draw(seededIds(seededRandom(1)), 3), ids.slice(0, 3));
});
