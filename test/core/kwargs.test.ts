import assert from "node:assert/strict";
import { test } from "node:test";

import { isKwargs, kwargs } from "../../src/core/kwargs.ts";

test("kwargs() carries the values it was given", () => {
  const made = kwargs({ width: 200 });
  assert.deepEqual(made.values, { width: 200 });
  assert(isKwargs(made));
  assert(!isKwargs({ values: {} }));
  assert(!isKwargs(undefined));
});

for (const value of [null, undefined, 5, "a=1", [1], () => 1]) {
  test(`kwargs() refuses ${String(value)}, which is no object`, () => {
    assert.throws(() => kwargs(value as unknown as object), {
      name: "TypeError",
      message: `kwargs: expected an object of keyword arguments, got ${String(value)}`,
    });
  });
}
