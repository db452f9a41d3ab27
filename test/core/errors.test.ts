import assert from "node:assert/strict";
import { suite, test } from "node:test";

import {
  AbortError,
  BatchInterruptedError,
  BrokerError,
  EngineClosedError,
  InvalidJobArgumentsError,
  InvalidJobSignatureError,
  JobTimeoutError,
  LeaseLostError,
  MalformedJobError,
  RetryError,
  SpinachError,
  UnknownTaskError,
  WorkersStoppedError,
} from "../../src/core/errors.ts";

const cause = new Error("below");

interface Case {
  readonly error: SpinachError;
  readonly code: string;
  readonly says: RegExp;
  readonly fields?: Readonly<Record<string, unknown>>;
}

const at = new Date(0);
const cases: Readonly<Record<string, Case>> = {
  UnknownTaskError: {
    error: new UnknownTaskError("x", ["a", "b"]),
    code: "UNKNOWN_TASK",
    says: /unknown task "x" \(known tasks: a, b\): register it with engine\.task\(\)/,
    fields: { taskName: "x" },
  },
  InvalidJobSignatureError: {
    error: new InvalidJobSignatureError("x", 2, 1),
    code: "INVALID_JOB_SIGNATURE",
    says: /task "x" needs at least 2 argument\(s\), got 1\..*requiredArgs/,
    fields: { taskName: "x", requiredArgs: 2, givenArgs: 1 },
  },
  InvalidJobArgumentsError: {
    error: new InvalidJobArgumentsError("x", "args[0]", "a hole"),
    code: "INVALID_JOB_ARGUMENTS",
    says: /task "x" cannot be called with args\[0\]: a hole/,
    fields: { taskName: "x", path: "args[0]" },
  },
  MalformedJobError: {
    error: new MalformedJobError("{", "it is not JSON", { cause }),
    code: "MALFORMED_JOB",
    says: /not a job: it is not JSON \(1 characters\)/,
    fields: { wire: "{", cause },
  },
  JobTimeoutError: {
    error: new JobTimeoutError("x", 5, { cause }),
    code: "JOB_TIMEOUT",
    says: /task "x" did not finish within its timeout of 5 ms/,
    fields: { timeoutMs: 5, cause },
  },
  WorkersStoppedError: {
    error: new WorkersStoppedError("x", { cause }),
    code: "WORKERS_STOPPED",
    says: /the workers stopped before task "x"/,
    fields: { cause },
  },
  LeaseLostError: {
    error: new LeaseLostError("x", { cause }),
    code: "LEASE_LOST",
    says: /lost its lease while task "x" ran/,
    fields: { cause },
  },
  BrokerError: {
    error: new BrokerError("down", { cause }),
    code: "BROKER",
    says: /^down$/,
    fields: { cause },
  },
  BatchInterruptedError: {
    error: new BatchInterruptedError(10, 30, { cause }),
    code: "BATCH_INTERRUPTED",
    says: /10 of 30 jobs/,
    fields: { scheduled: 10, total: 30, cause },
  },
  EngineClosedError: {
    error: new EngineClosedError(),
    code: "ENGINE_CLOSED",
    says: /closed: make a new Engine/,
  },
  RetryError: {
    error: new RetryError("later", { at, cause }),
    code: "RETRY",
    says: /^later$/,
    fields: { at, cause },
  },
  AbortError: {
    error: new AbortError("never", { cause }),
    code: "ABORT",
    says: /^never$/,
    fields: { cause },
  },
};

for (const [name, { error, code, says, fields = {} }] of Object.entries(cases)) {
  test(`${name} is a SpinachError with its name, code, message and fields`, () => {
    assert(error instanceof SpinachError && error instanceof Error);
    assert.equal(error.name, name);
    assert.equal(error.code, code);
    assert.match(error.message, says);
    assert.match(error.stack ?? "", new RegExp(`^${name}: `));
    for (const [field, value] of Object.entries(fields)) {
      assert.equal(Reflect.get(error, field), value);
    }
  });
}

test("each error has a code of its own", () => {
  const codes = Object.values(cases).map(({ code }) => code);
  assert.equal(new Set(codes).size, codes.length);
});

suite("UnknownTaskError", () => {
  test("says when no task is registered", () => {
    assert.match(new UnknownTaskError("x").message, /no task is registered/);
  });

  test("lists at most ten tasks", () => {
    const names = Array.from({ length: 11 }, (_, index) => `t${index}`);
    const { message } = new UnknownTaskError("x", names);
    assert.match(message, /t0, .*, t9, \.\.\.\)/);
  });
});

suite("RetryError", () => {
  test("needs neither a date nor a cause", () => {
    assert.equal(new RetryError("again").at, undefined);
    assert.equal(new RetryError("again", {}).cause, undefined);
    assert.equal("cause" in new RetryError("again", { at: undefined, cause: undefined }), false);
  });

  test("refuses an invalid date", () => {
    assert.throws(() => new RetryError("again", { at: new Date(Number.NaN) }), {
      name: "RangeError",
      message: "RetryError: at must be a valid Date, got an invalid one",
    });
  });
});
