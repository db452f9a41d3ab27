import assert from "node:assert/strict";
import { test } from "node:test";

import { isLogged } from "../../src/platform/logger.ts";
import { RecordingLogger } from "../../src/testing/recording-logger.ts";

test("RecordingLogger keeps lines of every level, in order", () => {
  const logger = new RecordingLogger();
  logger.debug({ n: 1 }, "a");
  logger.info({ n: 2 }, "b");
  logger.warn({ n: 3 }, "c");
  logger.error({ n: 4 }, "d");
  assert.deepEqual(logger.lines, [
    { level: "debug", fields: { n: 1 }, message: "a" },
    { level: "info", fields: { n: 2 }, message: "b" },
    { level: "warn", fields: { n: 3 }, message: "c" },
    { level: "error", fields: { n: 4 }, message: "d" },
  ]);
  assert.equal(isLogged(logger, "debug"), true);
});

test("RecordingLogger has its children write to its own lines, with their bindings", () => {
  const logger = new RecordingLogger();
  const child = logger.child({ job: 1, task: "a" }).child({ task: "b" });
  child.info({ took: 5 }, "done");
  child.info({ job: 2 }, "other");
  logger.info({}, "parent");
  assert.deepEqual(logger.lines, [
    { level: "info", fields: { job: 1, task: "b", took: 5 }, message: "done" },
    { level: "info", fields: { job: 2, task: "b" }, message: "other" },
    { level: "info", fields: {}, message: "parent" },
  ]);
});
