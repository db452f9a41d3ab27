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

const refused: ReadonlyArray<readonly [value: unknown, got: string]> = [
  [null, "Null"],
  [undefined, "Undefined"],
  [5, "Number"],
  ["a=1", "String"],
  [[1], "Array"],
  [() => 1, "Function"],
  [new Map([["a", 1]]), "Map"],
  [new Date(0), "Date"],
  [kwargs({ a: 1 }), "Object"],
];
for (const [value, got] of refused) {
  test(`kwargs() refuses ${String(value)}, which is no plain object`, () => {
    assert.throws(() => kwargs(value as object), {
      name: "TypeError",
      message: `kwargs: expected a plain object of keyword arguments, got [object ${got}]`,
    });
  });
}
