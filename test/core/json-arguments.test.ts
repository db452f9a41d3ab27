import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { runInNewContext } from "node:vm";

import * as fc from "fast-check";

import { InvalidJobArgumentsError } from "../../src/core/errors.ts";
import { carryArguments } from "../../src/core/json-arguments.ts";
import { jsonText } from "../../src/core/json-carrier.ts";
import { kwargs } from "../../src/core/kwargs.ts";
import { anyJsonValue, anyKey } from "./json-text.ts";

/** What arrives of the arguments of a call, if none is refused. */
function carry(...callArgs: readonly unknown[]): unknown {
  const { args, kwargs: named, hasNegativeZero } = carryArguments("work", callArgs);
  return JSON.parse(jsonText([args, named], hasNegativeZero));
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

function revokedProxy(target: object): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

/** Answers something else each time it is asked. */
function fickle(): object {
  let asked = 0;
  return {
    get a(): unknown {
      asked += 1;
      return asked === 1 ? { n: 1 } : undefined;
    },
  };
}

class Point {
  readonly x = 1;
}

type Case = readonly [what: string, value: unknown, path: string, problem: RegExp];

const refused: readonly Case[] = [
  ["a BigInt", 5n, "", /a BigInt, .*: pass a string or a number/],
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
  ["symbol keys of an array", Object.assign([1], { [Symbol("s")]: 1 }), "", /named members/],
  ["symbol keys below", { a: { [Symbol("s")]: 1 } }, ".a", /symbol keys/],
  [
    "hidden members",
    Object.defineProperty({ a: 1 }, "b", { value: 2 }),
    "",
    /members that are not enumerable, .*: pass plain ones/,
  ],
  [
    "hidden members of an array",
    Object.defineProperty([1], "b", { value: 2 }),
    "",
    /named members/,
  ],
  [
    "a getter that throws",
    {
      a: {
        get b(): never {
          throw new RangeError("no");
        },
      },
    },
    ".a",
    /throws when it is read: no/,
  ],
  ["a revoked proxy", { a: revokedProxy({}) }, ".a", /throws when it is read/],
  ["a revoked proxy of an array", [revokedProxy([])], "[0]", /throws when it is read/],
  [
    "a proxy that throws",
    new Proxy(
      {},
      {
        ownKeys: () => {
          throw revokedProxy({});
        },
      },
    ),
    "",
    /throws when it is read: a value that cannot be shown/,
  ],
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

suite("carryArguments()", () => {
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
    ["negative zero", [-0, { a: -0, b: [0, -0] }], [-0, { a: -0, b: [0, -0] }]],
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

/** The same value in objects of `{}`. */
function plain(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
}

test("carryArguments() reads each member once: what is written is what was checked", () => {
  assert.deepEqual(carry(fickle()), [[{ a: { n: 1 } }], {}]);
  assert.deepEqual(carry([fickle()]), [[[{ a: { n: 1 } }]], {}]);
  assert.deepEqual(carry(kwargs({ k: fickle() })), [[], { k: { a: { n: 1 } } }]);
  const gets: Array<string | symbol> = [];
  const watched = new Proxy(
    { a: 1, b: [2] },
    {
      get: (target, name): unknown => {
        gets.push(name);
        return Reflect.get(target, name);
      },
    },
  );
  assert.deepEqual(carry(watched), [[{ a: 1, b: [2] }], {}]);
  assert.deepEqual(
    gets.filter((name) => name === "a" || name === "b"),
    ["a", "b"],
  );
});

test("carryArguments() makes a copy, which later changes do not reach", () => {
  const inner = { n: 1 };
  const { args } = carryArguments("work", [inner, [inner]]);
  inner.n = 2;
  assert.deepEqual(args, [{ n: 1 }, [{ n: 1 }]]);
});

suite("carryArguments() and kwargs()", () => {
  function split(...callArgs: readonly unknown[]): unknown {
    const { args, kwargs: named } = carryArguments("work", callArgs);
    return { args, kwargs: named };
  }

  test("takes off only a last argument made by kwargs()", () => {
    assert.deepEqual(split(1, { a: 2 }), { args: [1, { a: 2 }], kwargs: {} });
    assert.deepEqual(split(1, kwargs({ a: 2 })), { args: [1], kwargs: { a: 2 } });
    assert.deepEqual(split(kwargs({})), { args: [], kwargs: {} });
    assert.deepEqual(split(), { args: [], kwargs: {} });
  });

  test("refuses keywords with symbol keys or hidden members", () => {
    assert.throws(() => carry(kwargs({ [Symbol("s")]: 1 })), { path: "kwargs" });
    const hidden = Object.defineProperty({ a: 1 }, "b", { value: 2 });
    assert.throws(() => carry(kwargs(hidden)), { path: "kwargs" });
  });

  test("leaves kwargs() elsewhere to be refused", () => {
    const message = /with args\[0\]: kwargs\(\), which a call takes once, as its last argument/;
    assert.throws(() => carry(kwargs({ a: 1 }), 2), { path: "args[0]", message });
    assert.throws(() => carry(kwargs({ a: 1 }), kwargs({ b: 2 })), { path: "args[0]", message });
  });
});
