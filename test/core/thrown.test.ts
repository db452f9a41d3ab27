import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { AbortError, RetryError } from "../../src/core/errors.ts";
import { describeThrown, verdictOf } from "../../src/core/thrown.ts";

function revoked(target: object): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

function throwing(target: object, name: string): unknown {
  return Object.defineProperty(target, name, {
    get: () => {
      throw new RangeError("looked at");
    },
  });
}

function circle(): Error {
  const error = new Error("round");
  error.cause = error;
  return error;
}

function wrapped(error: unknown, times: number): unknown {
  return times === 0 ? error : new Error("wrapped", { cause: wrapped(error, times - 1) });
}

suite("verdictOf()", () => {
  const abort = new AbortError("never");
  const at = new Date(5000);

  test("says what an error of ours asks for, and of others nothing", () => {
    assert.deepEqual(verdictOf(abort), { kind: "abort" });
    assert.deepEqual(verdictOf(new RetryError("again")), { kind: "retry", at: undefined });
    assert.deepEqual(verdictOf(new RetryError("again", { at })), { kind: "retry", at: 5000 });
    for (const thrown of [new Error("x"), "x", undefined, null, 5, Symbol("s"), {}]) {
      assert.equal(verdictOf(thrown), undefined);
    }
  });

  test("finds an AbortError that other errors were wrapped around", () => {
    for (const times of [1, 2, 8]) {
      assert.deepEqual(verdictOf(wrapped(abort, times)), { kind: "abort" });
    }
    assert.equal(verdictOf(circle()), undefined);
    // Who throws a RetryError has seen what it wraps.
    const retry = new RetryError("after all", { cause: abort });
    assert.deepEqual(verdictOf(retry), { kind: "retry", at: undefined });
    assert.equal(verdictOf(wrapped(new RetryError("again", { at }), 1)), undefined);
  });

  test("never throws", () => {
    const hostile = [
      revoked({}),
      revoked(() => undefined),
      throwing(new Error("x"), "cause"),
      new Error("outer", { cause: revoked({}) }),
      throwing(new RetryError("again"), "at"),
    ];
    for (const thrown of hostile) assert.equal(verdictOf(thrown), undefined);
    const odd = Object.assign(new RetryError("again"), { at: "tomorrow" });
    assert.deepEqual(verdictOf(odd), { kind: "retry", at: undefined });
    const invalid = new RetryError("again", { at });
    at.setTime(Number.NaN);
    assert.deepEqual(verdictOf(invalid), { kind: "retry", at: undefined });
  });
});

test("describeThrown() has a text for anything", () => {
  assert.equal(describeThrown(new RangeError("too far")), "too far");
  const silent = Object.assign(new RangeError("x"), { message: "" });
  assert.equal(describeThrown(silent), "RangeError");
  assert.equal(describeThrown("text"), "text");
  assert.equal(describeThrown(undefined), "undefined");
  for (const thrown of [
    revoked({}),
    throwing(new Error("x"), "message"),
    Object.create(null),
    { toString: 1, valueOf: 1 },
  ]) {
    assert.equal(describeThrown(thrown), "a value that cannot be shown");
  }
});
