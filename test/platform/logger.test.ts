import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { childLogger, isLogged, type Logger, type LogLevel } from "../../src/platform/logger.ts";
import { RecordingLogger } from "../../src/testing/recording-logger.ts";

const levels: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** The least that a logger must have: no `child`, no `isLevelEnabled`. */
function bareLogger(lines: unknown[]): Logger {
  const write = (level: LogLevel) => (fields: object, message: string) => {
    lines.push({ level, fields, message });
  };
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
  };
}

suite("childLogger()", () => {
  for (const level of levels) {
    test(`binds fields to each ${level} line, with or without child() of the logger`, () => {
      const lines: unknown[] = [];
      const loggers = [new RecordingLogger(), bareLogger(lines)];
      for (const logger of loggers) {
        const grandchild = childLogger(childLogger(logger, { job: 1, task: "a" }), { task: "b" });
        grandchild[level]({ took: 5 }, "done");
      }
      const line = { level, fields: { job: 1, task: "b", took: 5 }, message: "done" };
      assert.deepEqual(lines, [line]);
      assert.deepEqual((loggers[0] as RecordingLogger).lines, [line]);
    });
  }

  test("lets the fields of a line win over bound ones, and leaves the parent unbound", () => {
    const lines: unknown[] = [];
    const parent = bareLogger(lines);
    childLogger(parent, { job: 1 }).info({ job: 2 }, "child");
    parent.info({}, "parent");
    assert.deepEqual(lines, [
      { level: "info", fields: { job: 2 }, message: "child" },
      { level: "info", fields: {}, message: "parent" },
    ]);
  });

  test("calls child() as a method of its logger, as pino needs", () => {
    const child = bareLogger([]);
    const logger: Logger = {
      ...bareLogger([]),
      child(this: unknown, bindings) {
        assert.equal(this, logger);
        assert.deepEqual(bindings, { a: 1 });
        return child;
      },
    };
    assert.equal(childLogger(logger, { a: 1 }), child);
  });
});

suite("isLogged()", () => {
  test("asks the logger", () => {
    const logger: Logger = {
      ...bareLogger([]),
      isLevelEnabled(this: unknown, level) {
        assert.equal(this, logger);
        return level === "error";
      },
    };
    assert.deepEqual(
      levels.map((level) => isLogged(logger, level)),
      [false, false, false, true],
    );
  });

  test("takes every level as logged where the logger cannot tell", () => {
    assert(levels.every((level) => isLogged(bareLogger([]), level)));
  });
});
