import assert from "node:assert/strict";
import { suite, test } from "node:test";

import * as fc from "fast-check";

import { backoffMs, RETRY_BACKOFF } from "../../src/core/backoff.ts";
import {
  AbortError,
  JobTimeoutError,
  LeaseLostError,
  RetryError,
  WorkersStoppedError,
} from "../../src/core/errors.ts";
import { decodeJob } from "../../src/core/job-codec.ts";
import { JobStatus } from "../../src/core/job-status.ts";
import type { StoredJob } from "../../src/core/job.ts";
import { type Moment, type Outcome, settle } from "../../src/core/outcome.ts";
import { makeJob, makeJobOfTexts, START_MS } from "./make-job.ts";

const moment = (): Moment => ({ nowMs: START_MS, random: 0.5 });
const retryAt = new Date(START_MS + 60_000);

function settleFailure(
  stored: StoredJob,
  error: unknown,
  interrupted = false,
): Outcome | undefined {
  return settle(stored, { ok: false, error, interrupted }, moment);
}

const errors = {
  ordinary: new Error("boom"),
  string: "boom",
  nothing: undefined,
  timeout: new JobTimeoutError("work", 5),
  retry: new RetryError("again"),
  retryAt: new RetryError("again", { at: retryAt }),
  abort: new AbortError("never"),
  wrappedAbort: new Error("outer", { cause: new AbortError("never") }),
  stopped: new WorkersStoppedError("work"),
  leaseLost: new LeaseLostError("work"),
} satisfies Record<string, unknown>;
type ErrorName = keyof typeof errors;

/** What becomes of a failed job: at most once, with retries left, with none left. */
type Kinds = readonly [once: string, left: string, spent: string];

/** Of an error that the task threw. */
const thrown: Readonly<Record<ErrorName, Kinds>> = {
  ordinary: ["failed", "retried", "failed"],
  string: ["failed", "retried", "failed"],
  nothing: ["failed", "retried", "failed"],
  timeout: ["failed", "retried", "failed"],
  retry: ["failed", "retried", "failed"],
  retryAt: ["failed", "retried", "failed"],
  abort: ["failed", "failed", "failed"],
  wrappedAbort: ["failed", "failed", "failed"],
  // A task cannot pretend to have been interrupted.
  stopped: ["failed", "retried", "failed"],
  leaseLost: ["failed", "retried", "failed"],
};

/** Of an error that the workers interrupted it with. */
const interruptions: Readonly<Partial<Record<ErrorName, Kinds>>> = {
  timeout: ["failed", "retried", "failed"],
  stopped: ["failed", "released", "released"],
  leaseLost: ["nothing", "nothing", "nothing"],
};

suite("settle()", () => {
  const jobs = [
    makeJob({ maxRetries: 0, retries: 0 }),
    makeJob({ maxRetries: 2, retries: 1 }),
    makeJob({ maxRetries: 2, retries: 2 }),
  ];
  for (const [interrupted, table] of [
    [false, thrown],
    [true, interruptions],
  ] as const) {
    for (const [name, kinds] of Object.entries(table)) {
      const what = interrupted ? "interruption" : "error";
      test(`makes ${kinds.join(", ")} of ${what} "${name}", with 0 of 0, 1 of 2, 2 of 2 retries made`, () => {
        const error = errors[name as ErrorName];
        for (const [index, stored] of jobs.entries()) {
          const outcome = settleFailure(stored, error, interrupted);
          assert.equal(outcome?.kind ?? "nothing", kinds[index]);
          if (outcome?.kind === "failed" || outcome?.kind === "retried") {
            assert.equal(outcome.error, error);
          }
          if (outcome?.kind !== "retried") assert.equal(outcome?.stored ?? stored, stored);
        }
      });
    }
  }

  test("says of a task that returned that its job succeeded, whatever the value", () => {
    for (const stored of jobs) {
      for (const value of [undefined, 0, new Error("a value")]) {
        assert.deepEqual(settle(stored, { ok: true, value }, moment), {
          kind: "succeeded",
          stored,
        });
      }
    }
  });

  test("[G1] settle() never runs a job of maxRetries 0 again, whatever its task threw", () => {
    const stored = makeJob({ maxRetries: 0 });
    const anyError = fc.oneof(fc.constantFrom(...Object.values(errors)), fc.anything());
    fc.assert(
      fc.property(anyError, fc.boolean(), (error, interrupted) => {
        const outcome = settleFailure(stored, error, interrupted);
        assert(outcome === undefined || outcome.kind === "failed");
      }),
    );
  });

  test("[G1] settle() lets a job that always fails run 1 + maxRetries times", () => {
    const failure = fc.constantFrom(errors.ordinary, errors.timeout, errors.retry, errors.retryAt);
    fc.assert(
      fc.property(fc.nat({ max: 20 }), fc.array(failure), (maxRetries, failures) => {
        let stored = makeJob({ maxRetries });
        let runs = 0;
        for (let outcome; outcome?.kind !== "failed" && runs < 30; runs += 1) {
          outcome = settleFailure(stored, failures[runs] ?? errors.ordinary);
          assert(outcome?.kind === "failed" || outcome?.kind === "retried");
          stored = decodeJob(outcome.stored.wire);
        }
        assert.equal(runs, 1 + maxRetries);
      }),
    );
  });

  test("makes the next attempt wait for the backoff of its number", () => {
    const stored = makeJob({ maxRetries: 9, retries: 2 });
    const outcome = settleFailure(stored, errors.ordinary);
    assert(outcome?.kind === "retried");
    const atMs = START_MS + backoffMs(RETRY_BACKOFF, 3, 0.5);
    assert.equal(atMs, START_MS + 18_000);
    assert.deepEqual(outcome.stored.job, {
      ...stored.job,
      status: JobStatus.WAITING,
      retries: 3,
      at: new Date(atMs),
    });
    assert.deepEqual(decodeJob(outcome.stored.wire), outcome.stored);
  });

  test("makes the next attempt start at the date of a RetryError", () => {
    const outcome = settleFailure(makeJob({ maxRetries: 1 }), errors.retryAt);
    assert.deepEqual(outcome?.stored.job.at, retryAt);
  });

  test("[G3] settle() keeps the arguments of a retried job byte for byte", () => {
    const texts = {
      argsJson: '[ 123456789012345678, [], {}, 0.1234567890123456, 1e400, "\\"at\\":1," ]',
      kwargsJson: '{"retries":-0,"status":{}}',
    };
    const outcome = settleFailure(makeJobOfTexts(texts, { maxRetries: 1 }), errors.ordinary);
    assert(
      outcome?.stored.wire.endsWith(
        `,"task_args":${texts.argsJson},"task_kwargs":${texts.kwargsJson}}`,
      ),
    );
  });

  test("asks for the moment only when a job is retried", () => {
    let asked = 0;
    const count = (): Moment => {
      asked += 1;
      return moment();
    };
    settle(makeJob(), { ok: true, value: 1 }, count);
    for (const error of Object.values(errors)) settle(makeJob(), { ok: false, error }, count);
    assert.equal(asked, 0);
    settle(makeJob({ maxRetries: 1 }), { ok: false, error: errors.ordinary }, count);
    assert.equal(asked, 1);
  });
});
