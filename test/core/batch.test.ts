import assert from "node:assert/strict";
import { test } from "node:test";

import { Batch } from "../../src/core/batch.ts";
import { Tasks } from "../../src/core/tasks.ts";

test("Batch keeps its jobs in the order they were added, tasks and names alike", () => {
  const add = new Tasks().task("add", (a: number, b: number) => a + b);
  const at = new Date(0);
  const batch = new Batch();
  batch
    .schedule(add, 1, 2)
    .scheduleAt("late", at, "x")
    .scheduleAt(add, at, 3, 4)
    .scheduleIn("soon", 5, "y")
    .schedule("bare");
  assert.equal(batch.size, 5);
  assert.deepEqual(batch.requests, [
    { task: add, at: undefined, args: [1, 2] },
    { task: "late", at, args: ["x"] },
    { task: add, at, args: [3, 4] },
    { task: "soon", at: undefined, delayMs: 5, args: ["y"] },
    { task: "bare", at: undefined, args: [] },
  ]);
});

test("Batch starts empty and checks nothing", () => {
  const batch = new Batch();
  assert.equal(batch.size, 0);
  batch.schedule("", 5n).scheduleAt("_", new Date(Number.NaN)).scheduleIn("_", -1);
  assert.equal(batch.size, 3);
});
