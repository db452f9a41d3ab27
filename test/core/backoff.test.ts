import assert from "node:assert/strict";
import { test } from "node:test";

import * as fc from "fast-check";

import { backoffMs, RETRY_BACKOFF } from "../../src/core/backoff.ts";

const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test("backoffMs() stays between half of its full delay and the whole, in whole ms", () => {
  const backoffs = fc.record({ baseMs: fc.integer({ min: 1 }), capMs: fc.nat() });
  fc.assert(
    fc.property(backoffs, fc.nat({ max: 2000 }), chance, (backoff, attempt, random) => {
      const full = Math.min(backoff.baseMs * 2 ** attempt, backoff.capMs);
      const delay = backoffMs(backoff, attempt, random);
      assert(Number.isInteger(delay) && delay >= full / 2 && delay <= Math.round(full));
    }),
  );
});

test("backoffMs() with RETRY_BACKOFF never exceeds 20 min, however many attempts", () => {
  fc.assert(
    fc.property(fc.nat({ max: 100_000 }), chance, (attempt, random) => {
      assert(backoffMs(RETRY_BACKOFF, attempt, random) <= 1_200_000);
    }),
  );
});

const originals: ReadonlyArray<readonly [attempt: number, fullSeconds: number]> = [
  [0, 3],
  [1, 6],
  [2, 12],
  [3, 24],
  [8, 768],
  [9, 1200],
  [10, 1200],
];
for (const [attempt, fullSeconds] of originals) {
  test(`backoffMs() spreads attempt ${attempt} over the original's ${fullSeconds / 2}..${fullSeconds} s`, () => {
    assert.equal(backoffMs(RETRY_BACKOFF, attempt, 0), fullSeconds * 500);
    assert.equal(backoffMs(RETRY_BACKOFF, attempt, 0.5), fullSeconds * 750);
    assert(backoffMs(RETRY_BACKOFF, attempt, 1 - 2 ** -53) > fullSeconds * 999);
  });
}
