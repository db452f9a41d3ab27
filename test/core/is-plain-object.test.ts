import assert from "node:assert/strict";
import { test } from "node:test";
import { runInNewContext } from "node:vm";

import { isPlainObject } from "../../src/core/is-plain-object.ts";

test("isPlainObject() takes what {} and Object.create(null) make, in any realm", () => {
  for (const plain of [{}, { a: 1 }, Object.create(null), runInNewContext("({})")]) {
    assert.equal(isPlainObject(plain as object), true);
  }
});

test("isPlainObject() refuses what a class makes", () => {
  class Point {
    readonly x = 1;
  }
  for (const other of [new Point(), [], new Date(0), new Map(), new Error("e"), () => 1]) {
    assert.equal(isPlainObject(other), false);
  }
  assert.equal(isPlainObject(runInNewContext("[]") as object), false);
});
