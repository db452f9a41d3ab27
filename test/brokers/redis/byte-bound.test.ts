/** How much a call carries, where calls that carry much were late. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { MAX_BYTES_PER_CALL } from "../../../src/brokers/broker.ts";
import { ByteBound } from "../../../src/brokers/redis/byte-bound.ts";

describe("ByteBound", () => {
  test("is halved by each call that is late, below what that carried, down to a single job", () => {
    const bound = new ByteBound();
    assert.equal(bound.bytes, MAX_BYTES_PER_CALL);
    bound.late();
    assert.equal(bound.bytes, MAX_BYTES_PER_CALL / 2);
    bound.late(1000);
    assert.equal(bound.bytes, 500);
    for (let times = 0; times < 20; times += 1) bound.late();
    assert.equal(bound.bytes, 1);
  });

  test("grows again with calls that arrive and carry as much, and no further than it was", () => {
    const bound = new ByteBound();
    bound.late(2000);
    bound.arrived(100);
    assert.equal(bound.bytes, 1000, "a small one says nothing");
    bound.arrived(900);
    assert.equal(bound.bytes, 2000);
    for (let times = 0; times < 20; times += 1) bound.arrived(10 * MAX_BYTES_PER_CALL);
    assert.equal(bound.bytes, MAX_BYTES_PER_CALL);
  });
});
