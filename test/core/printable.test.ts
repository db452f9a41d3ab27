import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { inspect } from "node:util";

import { stuckMessage } from "../../src/brokers/heartbeat/serve-heartbeat.ts";
import { MalformedJobError, UnknownTaskError } from "../../src/core/errors.ts";
import { decodeJob } from "../../src/core/job-codec.ts";
import { printable } from "../../src/core/printable.ts";
import { JobReporter } from "../../src/engine/job-reporter.ts";
import { Signals } from "../../src/signals/signals.ts";
import { RecordingLogger } from "../../src/testing/recording-logger.ts";
import { makeJob } from "./make-job.ts";

const HOSTILE = "pay\n\u001B[2Jspinach warning: all is well\u2028\u202E";

test("printable() escapes what moves a cursor, ends a line or turns the text, and nothing else", () => {
  assert.equal(printable('größe 漢字 😀 "a" \\n'), 'größe 漢字 😀 "a" \\n');
  assert.equal(
    printable(HOSTILE),
    String.raw`pay\u000a\u001b[2Jspinach warning: all is well\u2028\u202e`,
  );
});

test("printable() cuts a long name", () => {
  assert.equal(printable("x".repeat(1_000_000)).length, 203);
});

suite("names from the store", () => {
  test("are escaped in the message of an UnknownTaskError, which keeps the name", () => {
    const error = new UnknownTaskError(HOSTILE);
    assert.doesNotMatch(error.message, /\p{Cc}/v);
    assert.equal(error.taskName, HOSTILE);
  });

  test("are escaped in each log line of a job", () => {
    const logger = new RecordingLogger();
    const reporter = new JobReporter("test", new Signals(() => undefined), logger);
    const stored = makeJob({ id: `${HOSTILE}1`, taskName: HOSTILE, queue: HOSTILE });
    const error = new Error("from the test");
    reporter.started(stored.job);
    for (const kind of ["succeeded", "failed", "retried", "released", undefined] as const) {
      const outcome = kind === undefined ? undefined : { kind, stored, error };
      reporter.finished({ stored, result: { ok: false, error }, durationMs: 1 }, outcome);
    }
    reporter.untold("queue", [stored]);
    assert.equal(logger.lines.length, 7);
    for (const { message, fields } of logger.lines) {
      assert.doesNotMatch(message, /\p{Cc}/v);
      for (const value of Object.values(fields).flat()) {
        if (typeof value === "string") assert.doesNotMatch(value, /\p{Cc}/v);
      }
    }
  });

  test("are escaped in what a process that is stuck writes to its standard error", () => {
    const message = stuckMessage({ tasks: [HOSTILE, "other"], stack: "    at file.js:1" }, 5000);
    const [line = "", ...rest] = message.split("\n");
    assert.match(line, /all is well.*, other: this process lets its jobs go$/v);
    assert.doesNotMatch(line, /\p{Cc}/v);
    assert.deepEqual(rest, ["    at file.js:1", ""]);
  });
});

suite("payloads", () => {
  const secret = "4111 1111 1111 1111";

  for (const [what, text] of [
    ["JSON that is cut short", `{"id":"1","task_args":["${secret}"`],
    ["no JSON at all", secret],
    ["a job without a queue", JSON.stringify({ id: "1", task_name: "pay", task_args: [secret] })],
  ] as const) {
    test(`of ${what} are not shown by the error, whose size and wire tell them`, () => {
      assert.throws(
        () => decodeJob(text),
        (error) => {
          assert.ok(error instanceof MalformedJobError);
          assert.equal(error.wire, text);
          assert.match(error.message, new RegExp(`${text.length} characters`, "v"));
          assert.doesNotMatch(inspect(error, { depth: 9 }), /4111/v);
          assert.doesNotMatch(JSON.stringify(Object.entries(error)), /4111/v);
          return true;
        },
      );
    });
  }

  test("of a job that is malformed leave its id in the message", () => {
    const { wire, job } = makeJob();
    assert.throws(() => decodeJob(wire.replace('"retries":0', '"retries":-1')), {
      message: new RegExp(`of job ${job.id}, `, "v"),
    });
  });
});
