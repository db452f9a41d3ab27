import assert from "node:assert/strict";
import { test } from "node:test";

import type { Measure, Sample } from "./sample.ts";
import { type Point, trendsOf } from "./trend.ts";

const MIB = 2 ** 20;
const FLAT: Sample = {
  heap: 10 * MIB,
  rss: 200 * MIB,
  external: 5 * MIB,
  resources: 10,
  redis: MIB,
  keys: 4,
};

/** 60 points in 10 minutes; one measure grows by so much from each to the next. */
function growing(measure: Measure, step: number): readonly Point[] {
  return Array.from({ length: 60 }, (_, index) => ({
    atMinutes: index / 6,
    sample: { ...FLAT, [measure]: FLAT[measure] + index * step },
  }));
}

function leaks(points: readonly Point[]): readonly string[] {
  return trendsOf(points).flatMap(({ measure, isLeak }) => (isLeak ? [measure] : []));
}

test("trendsOf() calls what stays flat no leak, nor what goes down", () => {
  assert.deepEqual(leaks(growing("heap", 0)), []);
  assert.deepEqual(leaks(growing("heap", -1000)), []);
});

test("trendsOf() finds 20 bytes a job, of 6,000 jobs between two samples", () => {
  assert.deepEqual(leaks(growing("heap", 20 * 6000)), ["heap"]);
});

test("trendsOf() finds one resource and one key too many", () => {
  assert.deepEqual(leaks(growing("resources", 0.05)), ["resources"]);
  assert.deepEqual(leaks(growing("keys", 0.05)), ["keys"]);
});

test("trendsOf() tells how much a measure grows a minute", () => {
  const trend = trendsOf(growing("redis", MIB / 6)).find(({ measure }) => measure === "redis");
  assert.ok(Math.abs((trend?.slope ?? 0) - MIB) < 1);
});
