import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { AdaptiveSpin } from "../../src/platform/adaptive-spin.ts";

const QUICK_MS = 0.05;
const SLOW_MS = 5;

/** How many of the next waits do not spin, until one does. */
function waitsUntilSpin(spin: AdaptiveSpin): number {
  let waits = 0;
  while (!spin.isWorthIt) {
    waits += 1;
    spin.slept(QUICK_MS);
  }
  return waits;
}

describe("AdaptiveSpin", () => {
  test("never spins before a quick wait, nor after a slow one", () => {
    const spin = new AdaptiveSpin();
    assert.equal(spin.isWorthIt, false);
    spin.slept(SLOW_MS);
    assert.equal(spin.isWorthIt, false);
    spin.slept(QUICK_MS);
    assert.equal(spin.isWorthIt, true);
    spin.slept(SLOW_MS);
    assert.equal(spin.isWorthIt, false);
  });
  test("goes on as long as it succeeds", () => {
    const spin = new AdaptiveSpin();
    spin.slept(QUICK_MS);
    for (let wait = 0; wait < 100; wait += 1) {
      assert.equal(spin.isWorthIt, true);
      spin.spun(true);
    }
  });
  test("doubles the waits without a spin after each one in vain, up to 1,024, until one succeeds", () => {
    const spin = new AdaptiveSpin();
    spin.slept(QUICK_MS);
    const waits: number[] = [];
    for (let failures = 0; failures < 12; failures += 1) {
      assert.equal(spin.isWorthIt, true);
      spin.spun(false);
      spin.slept(QUICK_MS);
      waits.push(waitsUntilSpin(spin));
    }
    assert.deepEqual(waits, [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1024, 1024]);
    spin.spun(true);
    assert.equal(spin.isWorthIt, true);
  });
});
