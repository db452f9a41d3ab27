import assert from "node:assert/strict";
import { test } from "node:test";

import { LogWatch } from "../../../src/brokers/sqlite/log-watch.ts";

const SECOND_MS = 1000;

test("LogWatch tells once of a log that readers keep long, and again after it was short", () => {
  const watch = new LogWatch();
  const tellsAt = (state: "short" | "needed" | "busy" | "emptied", from: number): number[] => {
    const told: number[] = [];
    for (let second = from; second < from + 30; second += 1) {
      if (watch.look({ state, size: 1e8 }, second * SECOND_MS)) told.push(second);
    }
    return told;
  };
  assert.deepEqual(tellsAt("needed", 0), [10]);
  assert.deepEqual(tellsAt("busy", 30), []);
  assert.deepEqual(tellsAt("emptied", 60), []);
  assert.deepEqual(tellsAt("busy", 90), [100]);
  assert.deepEqual(tellsAt("short", 120), []);
});
