import assert from "node:assert/strict";
import { test } from "node:test";

import { checkJobOptions, isRunnable } from "../../src/core/task.ts";
import { Tasks } from "../../src/core/tasks.ts";

test("checkJobOptions() gives back what was given", () => {
  assert.deepEqual(checkJobOptions("x", {}), {});
  assert.deepEqual(
    checkJobOptions("x", { queue: undefined, maxRetries: undefined, timeout: undefined }),
    {},
  );
  assert.deepEqual(checkJobOptions("x", { queue: "q", maxRetries: 0, timeout: 2_147_483_647 }), {
    queue: "q",
    maxRetries: 0,
    timeout: 2_147_483_647,
  });
});

const refused: ReadonlyArray<readonly [options: object, name: string, message: string]> = [
  [{ queue: "" }, "RangeError", "x: queue must not be empty"],
  [{ queue: 5 }, "TypeError", "x: queue must be a string, got 5"],
  [{ queue: null }, "TypeError", "x: queue must be a string, got null"],
  [{ maxRetries: -1 }, "RangeError", "x: maxRetries must be an integer of at least 0, got -1"],
  [{ timeout: 0 }, "RangeError", "x: timeout must be an integer of ms of at least 1, got 0"],
  [
    { timeout: 2_147_483_648 },
    "RangeError",
    "x: timeout must be at most 2147483647, got 2147483648",
  ],
];
for (const [options, name, message] of refused) {
  test(`checkJobOptions() refuses with "${message}"`, () => {
    assert.throws(() => checkJobOptions("x", options), { name, message });
  });
}

test("isRunnable() tells whether the function is here", () => {
  const tasks = new Tasks();
  tasks.task("here", () => 1);
  tasks.declare("elsewhere");
  assert.deepEqual(tasks.definitions.map(isRunnable), [true, false]);
});
