import assert from "node:assert/strict";
import { test } from "node:test";
import { runInNewContext } from "node:vm";

import { isThenable } from "../../src/core/is-thenable.ts";

test("isThenable() knows promises of this realm, of another and of another library", () => {
  const foreign = runInNewContext("Promise.resolve(1)") as unknown;
  // oxlint-disable-next-line unicorn/no-thenable -- the case
  for (const value of [Promise.resolve(1), foreign, { then: () => undefined }]) {
    assert.equal(isThenable(value), true);
  }
});

test("isThenable() knows what is no promise", () => {
  // oxlint-disable-next-line unicorn/no-thenable -- the case
  for (const value of [undefined, null, 1, "then", {}, { then: 1 }, []]) {
    assert.equal(isThenable(value), false);
  }
});
