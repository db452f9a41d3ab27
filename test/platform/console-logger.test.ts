import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";

import { consoleLogger } from "../../src/platform/console-logger.ts";
import { childLogger, isLogged } from "../../src/platform/logger.ts";

/** What is written to any method of the console while a test runs. */
function captured(t: TestContext): unknown[][] {
  const lines: unknown[][] = [];
  for (const method of ["debug", "error", "info", "log", "warn"] as const) {
    t.mock.method(console, method, (...line: unknown[]) => lines.push([method, ...line]));
  }
  return lines;
}

test("consoleLogger writes warnings and errors to stderr, and nothing else", (t) => {
  const lines = captured(t);
  for (const level of ["debug", "info", "warn", "error"] as const) {
    consoleLogger[level]({ job: 1 }, `a line of ${level}`);
  }
  assert.deepEqual(lines, [
    ["error", "spinach warning: a line of warn", { job: 1 }],
    ["error", "spinach error: a line of error", { job: 1 }],
  ]);
});

test("consoleLogger binds the fields of a child to its lines", (t) => {
  const lines = captured(t);
  const child = childLogger(childLogger(consoleLogger, { job: 1, task: "a" }), { task: "b" });
  child.error({ err: "boom" }, "failed");
  child.info({}, "silent");
  assert.deepEqual(lines, [["error", "spinach error: failed", { job: 1, task: "b", err: "boom" }]]);
});

test("consoleLogger says which levels it writes", () => {
  assert.equal(isLogged(consoleLogger, "debug"), false);
  assert.equal(isLogged(consoleLogger, "info"), false);
  assert.equal(isLogged(consoleLogger, "warn"), true);
  assert.equal(isLogged(childLogger(consoleLogger, {}), "error"), true);
});
