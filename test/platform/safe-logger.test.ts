import assert from "node:assert/strict";
import { test } from "node:test";

import { childLogger, isLogged, type Logger } from "../../src/platform/logger.ts";
import { safeLogger } from "../../src/platform/safe-logger.ts";
import { RecordingLogger } from "../../src/testing/recording-logger.ts";

const levels = ["debug", "info", "warn", "error"] as const;

function brokenLogger(): Logger {
  const write = (): never => {
    throw new Error("the disk is full");
  };
  return { debug: write, info: write, warn: write, error: write };
}

test("safeLogger() passes lines and bindings on", () => {
  const logger = new RecordingLogger();
  const safe = childLogger(childLogger(safeLogger(logger), { job: 1 }), { task: "a" });
  for (const level of levels) safe[level]({ took: 5 }, "done");
  assert.deepEqual(
    logger.lines,
    levels.map((level) => ({ level, fields: { job: 1, task: "a", took: 5 }, message: "done" })),
  );
});

test("safeLogger() keeps the faults of a logger and of its children to itself", () => {
  const safe = safeLogger(brokenLogger());
  for (const level of levels) {
    safe[level]({}, "lost");
    childLogger(safe, { job: 1 })[level]({}, "lost");
  }
});

test("safeLogger() asks its logger which levels are written", () => {
  const logger: Logger = { ...brokenLogger(), isLevelEnabled: (level) => level === "error" };
  assert.equal(isLogged(safeLogger(logger), "error"), true);
  assert.equal(isLogged(safeLogger(logger), "debug"), false);
  assert.equal(isLogged(safeLogger(brokenLogger()), "debug"), true);
});
