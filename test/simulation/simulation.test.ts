import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { simulate } from "../../src/testing/simulation/simulate.ts";

describe("simulate()", () => {
  it("does the same for the same seed, to the last line", async () => {
    for (const seed of [3, 11, 42, 97]) {
      const one = await simulate({ seed, trace: true });
      const other = await simulate({ seed, trace: true });
      assert.ok(one.trace.length > 20);
      assert.deepEqual(other, one);
    }
  });

  it("refuses what is no seed", async () => {
    await assert.rejects(simulate({ seed: -1 }), RangeError);
    await assert.rejects(simulate({ seed: 0.5 }), RangeError);
  });
});
