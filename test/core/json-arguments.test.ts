import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { runInNewContext } from "node:vm";

import * as fc from "fast-check";

import { InvalidJobArgumentsError } from "../../src/core/errors.ts";
import { refuseUncarriable, splitKwargs } from "../../src/core/json-arguments.ts";
import { kwargs } from "../../src/core/kwargs.ts";
import { anyJsonValue, anyKey } from "./json-text.ts";

/** What arrives of the arguments of a call, if none is refused. */
function carry(...callArgs: readonly unknown[]): unknown {
  const { args, kwargs: named } = splitKwargs(callArgs);
  refuseUncarriable("work", { args, kwargs: named });
  const wire = JSON.stringify([args, named]);
  return JSON.parse(wire);
}

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}

function cyclic(): object {
  const owner: { name: string; parts: unknown[] } = { name: "a", parts: [] };
  owner.parts.push({ owner });
  return owner;
}

/** No `{}`, and nothing to take a name from. */
function deepNullObject(): unknown {
  return Object.create(Object.create(Object.create(null) as object) as object);
}

class Point {
  readonly x = 1;
}

type Case = readonly [what: string, value: unknown, path: string, problem: RegExp];

const refused: readonly Case[] = [
  ["a BigInt", 5n, "", /the BigInt 5n, .*: pass a string or a number/],
  ["undefined", undefined, "", /undefined, which JSON would drop: leave it out, or pass null/],
  ["a function", () => 1, "", /a function, .*: pass data, or the name of a task/],
  ["a class", Point, "", /a function/],
  ["a symbol", Symbol("s"), "", /a symbol, .*: pass a string/],
  ["NaN", Number.NaN, "", /NaN, which JSON writes as null/],
  ["Infinity", Infinity, "", /Infinity, which JSON writes as null/],
  ["-Infinity", -Infinity, "", /-Infinity, which JSON writes as null/],
  ["a Date", { when: new Date(0) }, ".when", /Date.*toISOString\(\) or date\.getTime\(\)/],
  ["an invalid Date", new Date(Number.NaN), "", /instance of Date/],
  ["a Map", [new Map()], "[0]", /an instance of Map.*: pass its data as plain/],
  ["a Set", new Set([1]), "", /an instance of Set/],
  ["a RegExp", /a/, "", /an instance of RegExp/],
  ["an Error", new RangeError("no"), "", /an instance of RangeError/],
  ["a Promise", Promise.resolve(1), "", /an instance of Promise/],
  ["an instance", { a: [new Point()] }, ".a[0]", /an instance of Point/],
  [
    "an instance of a nameless class",
    new (class {
      readonly x = 1;
    })(),
    "",
    /an instance of a class/,
  ],
  ["an instance without a constructor", deepNullObject(), "", /an instance of a class/],
  ["a Buffer", { body: Buffer.from("a") }, ".body", /an instance of Buffer/],
  ["a typed array", new Float64Array(1), "", /an instance of Float64Array/],
  ["a boxed string", new Object("a"), "", /an instance of String/],
  ["a boxed number", new Object(1), "", /an instance of Number/],
  ["a boxed BigInt", new Object(1n), "", /an instance of BigInt/],
  ["symbol keys", { [Symbol("s")]: 1, a: 1 }, "", /symbol keys, which JSON would drop/],
  ["named members of an array", [Object.assign([1], { extra: 2 })], "[0]", /named members/],
  ["an array of a subclass", new (class Vec extends Array {})(), "", /an instance of Vec/],
  ["Math", Math, "", /an instance of Object/],
  [
    "a hidden toJSON",
    Object.defineProperty({ a: 1 }, "toJSON", { value: () => 2 }),
    "",
    /an object with toJSON\(\)/,
  ],
  ["an undefined member", { a: { b: undefined } }, ".a.b", /undefined, which JSON would drop/],
  ["an undefined element", [1, [undefined]], "[1][0]", /undefined, which JSON would drop/],
  // oxlint-disable-next-line no-sparse-arrays -- the case
  ["a hole", [1, , 3], "[1]", /undefined, which JSON would drop/],
  ["a toJSON method", { toJSON: () => 1 }, ".toJSON", /a function/],
  ["a cycle", cyclic(), ".parts[0].owner", /a cycle, which JSON cannot carry/],
  ["501 levels", nested(500), "[0]".repeat(499), /deeper than 500 levels/],
  ["a Date of another realm", runInNewContext("new Date(0)"), "", /an instance of Date/],
];

suite("refuseUncarriable()", () => {
  for (const [what, value, path, problem] of refused) {
    test(`refuses ${what}, saying where it stands and what to pass`, () => {
      for (const [args, at] of [
        [[0, value], `args[1]${path}`],
        [[0, kwargs({ k: value })], `kwargs.k${path}`],
      ] as const) {
        assert.throws(
          () => carry(...args),
          (error) =>
            error instanceof InvalidJobArgumentsError &&
            error.taskName === "work" &&
            error.path === at &&
            error.message.includes(at.slice(0, 200)) &&
            problem.test(error.message),
        );
      }
    });
  }

  test("names the first of several problems", () => {
    assert.throws(() => carry(1, { a: 1, b: Number.NaN, c: 5n }), { path: "args[1].b" });
  });

  const shared = { a: [1] };
  const accepted: ReadonlyArray<readonly [what: string, value: unknown, arrives: unknown]> = [
    ["null", null, null],
    ["strings with lone surrogates", "\uD800x", "\uD800x"],
    ["numbers at their limits", [5e-324, -1.797e308], [5e-324, -1.797e308]],
    ["negative zero, as zero", -0, 0],
    ["empty containers", [[], {}, [[]]], [[], {}, [[]]]],
    ["a null-prototype object", Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    ["objects of another realm", runInNewContext('({ a: [{ b: "x" }] })'), { a: [{ b: "x" }] }],
    [
      "one object twice, which is no cycle",
      [shared, { shared }],
      [{ a: [1] }, { shared: { a: [1] } }],
    ],
    [
      "odd keys",
      JSON.parse('{"__proto__":1,"constructor":2,"":3}'),
      JSON.parse('{"__proto__":1,"constructor":2,"":3}'),
    ],
    ["500 levels", nested(499), nested(499)],
  ];
  for (const [what, value, arrives] of accepted) {
    test(`accepts ${what}`, () => {
      assert.deepEqual(carry(value, kwargs({ k: value })), [[arrives], { k: arrives }]);
    });
  }

  test("either refuses a value or carries it unchanged", () => {
    const anything = fc.anything({
      key: anyKey,
      withBigInt: true,
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withObjectString: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
    });
    fc.assert(
      fc.property(anything, (value) => {
        let arrived: unknown;
        try {
          arrived = carry(value);
        } catch (error) {
          assert(error instanceof InvalidJobArgumentsError);
          return;
        }
        assert.deepEqual(arrived, [[plain(value)], {}]);
      }),
      { numRuns: 1000 },
    );
  });

  test("accepts every JSON value", () => {
    fc.assert(
      fc.property(anyJsonValue, (value) => {
        assert.deepEqual(carry(value), [[plain(value)], {}]);
      }),
    );
  });
});

/** The same value in objects of `{}`, and with one zero: what JSON does not promise to tell apart. */
function plain(value: unknown): unknown {
  if (value === 0) return 0;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
}

suite("splitKwargs()", () => {
  test("takes off only a last argument made by kwargs()", () => {
    assert.deepEqual(splitKwargs([1, { a: 2 }]), { args: [1, { a: 2 }], kwargs: {} });
    assert.deepEqual(splitKwargs([1, kwargs({ a: 2 })]), { args: [1], kwargs: { a: 2 } });
    assert.deepEqual(splitKwargs([kwargs({})]), { args: [], kwargs: {} });
    assert.deepEqual(splitKwargs([]), { args: [], kwargs: {} });
  });

  test("leaves kwargs() elsewhere to be refused", () => {
    const message = /with args\[0\]: kwargs\(\), which a call takes once, as its last argument/;
    assert.throws(() => carry(kwargs({ a: 1 }), 2), { path: "args[0]", message });
    assert.throws(() => carry(kwargs({ a: 1 }), kwargs({ b: 2 })), { path: "args[0]", message });
  });
});
