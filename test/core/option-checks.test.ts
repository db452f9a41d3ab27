import assert from "node:assert/strict";
import { suite, test } from "node:test";

import {
  ANY_DURATION,
  checkDate,
  checkDuration,
  checkFunction,
  checkInteger,
  checkName,
  checkQueue,
} from "../../src/core/option-checks.ts";

interface Refused {
  readonly value: unknown;
  readonly name: "TypeError" | "RangeError";
  readonly message: string;
}

function refuses(check: (value: unknown) => unknown, cases: readonly Refused[]): void {
  for (const { value, name, message } of cases)
    assert.throws(() => check(value), { name, message });
}

suite("checkInteger()", () => {
  const check = (value: unknown): number =>
    checkInteger("Shop: size", value, { min: 1, max: 9, unit: "ms" });

  test("lets the limits and what lies between them through", () => {
    for (const value of [1, 5, 9]) assert.equal(check(value), value);
    const any = { min: 0, max: Number.MAX_SAFE_INTEGER };
    assert.equal(checkInteger("n", Number.MAX_SAFE_INTEGER, any), Number.MAX_SAFE_INTEGER);
    assert.ok(Object.is(checkInteger("n", -0, any), 0));
  });

  test("names the option, the rule and the value it refuses", () => {
    const rule = "Shop: size must be an integer of ms of at least 1";
    refuses(check, [
      { value: "5", name: "TypeError", message: `${rule}, got "5"` },
      { value: null, name: "TypeError", message: `${rule}, got null` },
      { value: undefined, name: "TypeError", message: `${rule}, got undefined` },
      { value: true, name: "TypeError", message: `${rule}, got true` },
      { value: [5], name: "TypeError", message: `${rule}, got an array` },
      { value: {}, name: "TypeError", message: `${rule}, got an object (Object)` },
      { value: new Date(0), name: "TypeError", message: `${rule}, got an object (Date)` },
      {
        value: Object.create(null),
        name: "TypeError",
        message: `${rule}, got an object (no class)`,
      },
      { value: 0, name: "RangeError", message: `${rule}, got 0` },
      { value: -3, name: "RangeError", message: `${rule}, got -3` },
      { value: 1.5, name: "RangeError", message: `${rule}, got 1.5` },
      { value: Number.NaN, name: "RangeError", message: `${rule}, got NaN` },
      { value: Infinity, name: "RangeError", message: `${rule}, got Infinity` },
      { value: 10, name: "RangeError", message: "Shop: size must be at most 9, got 10" },
    ]);
  });

  test("refuses an integer that a number cannot hold exactly", () => {
    assert.throws(
      () => checkInteger("n", 2 ** 53, { min: 0, max: Number.MAX_SAFE_INTEGER }),
      RangeError,
    );
  });
});

test("checkDuration() lets Infinity through, and is checkInteger() in ms otherwise", () => {
  assert.equal(checkDuration("grace", Infinity, ANY_DURATION), Infinity);
  assert.equal(checkDuration("grace", 0, ANY_DURATION), 0);
  const message = "grace must be an integer of ms of at least 0, got -1";
  assert.throws(() => checkDuration("grace", -1, ANY_DURATION), { name: "RangeError", message });
  assert.throws(() => checkDuration("grace", -Infinity, ANY_DURATION), RangeError);
  assert.throws(() => checkDuration("grace", "1s", ANY_DURATION), TypeError);
});

test("checkName() takes any string but the empty one", () => {
  assert.equal(checkName("task: name", "_ x"), "_ x");
  refuses(
    (value) => checkName("task: name", value),
    [
      { value: "", name: "RangeError", message: "task: name must not be empty" },
      {
        value: "a\uD800",
        name: "RangeError",
        message: String.raw`task: name must not hold half a character, got "a\ud800"`,
      },
      { value: 5, name: "TypeError", message: "task: name must be a string, got 5" },
      {
        value: Symbol("s"),
        name: "TypeError",
        message: "task: name must be a string, got Symbol(s)",
      },
    ],
  );
});

test("checkQueue() also refuses what starts with the underscore of Spinach's own keys", () => {
  assert.equal(checkQueue("queue", "mails_"), "mails_");
  refuses(
    (value) => checkQueue("queue", value),
    [
      { value: "", name: "RangeError", message: "queue must not be empty" },
      { value: null, name: "TypeError", message: "queue must be a string, got null" },
      {
        value: "_mails",
        name: "RangeError",
        message: 'queue must not start with "_", which Spinach keeps, got "_mails"',
      },
    ],
  );
});

test("checkDate() takes valid dates", () => {
  const date = new Date(0);
  assert.equal(checkDate("at", date), date);
  refuses(
    (value) => checkDate("at", value),
    [
      { value: 5, name: "TypeError", message: "at must be a Date, got 5" },
      { value: "2031-05-06", name: "TypeError", message: 'at must be a Date, got "2031-05-06"' },
      {
        value: new Date(Number.NaN),
        name: "RangeError",
        message: "at must be a valid Date, got an invalid one",
      },
    ],
  );
});

test("checkFunction() takes functions", () => {
  checkFunction("fn", () => 1);
  refuses(
    (value) => checkFunction("fn", value),
    [
      { value: undefined, name: "TypeError", message: "fn must be a function, got undefined" },
      { value: {}, name: "TypeError", message: "fn must be a function, got an object (Object)" },
    ],
  );
});
