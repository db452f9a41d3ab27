import assert from "node:assert/strict";
import { test } from "node:test";

import { nextJoinNumber } from "../../src/brokers/definition-owner.ts";

test("nextJoinNumber() in an empty store goes by its clock: later than those that were there before", () => {
  assert.equal(nextJoinNumber(0, 1000), 1000);
});

test("nextJoinNumber() is higher than the last one, whatever the clock shows", () => {
  assert.equal(nextJoinNumber(1000, 1000), 1001);
  assert.equal(nextJoinNumber(2000, 1000), 2001);
});
