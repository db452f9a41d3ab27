import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { Tasks } from "../../src/core/tasks.ts";

const nothing = (): void => undefined;

interface Refused {
  readonly options: Readonly<Record<string, unknown>>;
  readonly name: "TypeError" | "RangeError";
  /** What the message must hold, besides the option and the value. */
  readonly got: string;
}

function refusedNumbers(option: string, min: number): readonly Refused[] {
  const ranges = [min - 1, -1, min + 0.5, Number.NaN, Infinity, -Infinity, 2 ** 53];
  const types = [String(min), null, true, [min], {}];
  return [
    ...ranges.map((value): Refused => ({
      options: { [option]: value },
      name: "RangeError",
      got: `got ${value}`,
    })),
    ...types.map((value): Refused => ({
      options: { [option]: value },
      name: "TypeError",
      got: "got ",
    })),
    { options: { [option]: 7n }, name: "TypeError", got: "got 7" },
  ];
}

const refusedByJobs: readonly Refused[] = [
  ...refusedNumbers("maxRetries", 0),
  ...refusedNumbers("timeout", 1),
  { options: { timeout: 2 ** 31 }, name: "RangeError", got: "at most 2147483647, got 2147483648" },
  { options: { queue: "" }, name: "RangeError", got: "must not be empty" },
  { options: { queue: "_jobs" }, name: "RangeError", got: 'must not start with "_"' },
  { options: { queue: 5 }, name: "TypeError", got: "must be a string, got 5" },
];
const refusedByTasks: readonly Refused[] = [
  ...refusedByJobs,
  ...refusedNumbers("periodicity", 1),
  ...refusedNumbers("maxConcurrency", 1),
];
const refusedByFunctions: readonly Refused[] = [
  ...refusedByTasks,
  ...refusedNumbers("requiredArgs", 0),
];

/** Each way to state options, what it calls their owner, and what it must refuse. */
const ways: ReadonlyArray<{
  readonly owner: string;
  readonly cases: readonly Refused[];
  readonly state: (options: object, tasks: Tasks) => unknown;
}> = [
  {
    owner: "Tasks",
    cases: refusedByTasks,
    state: (options) => new Tasks(options),
  },
  {
    owner: 'task "x"',
    cases: refusedByFunctions,
    state: (options, tasks) => tasks.task("x", options, nothing),
  },
  {
    owner: 'task "x"',
    cases: refusedByJobs,
    state: (options, tasks) => tasks.declare("x", options),
  },
  {
    owner: 'task "x".with',
    cases: refusedByJobs,
    state: (options) => new Tasks().task("x", nothing).with(options),
  },
];

for (const [index, { owner, cases, state }] of ways.entries()) {
  suite(`options of ${owner} (${["registry", "task", "declare", "with"][index]})`, () => {
    for (const { options, name, got } of cases) {
      const [option, value] = Object.entries(options)[0] ?? [];
      test(`${option}: ${typeof value} ${String(value)} is a ${name}`, () => {
        const tasks = new Tasks();
        assert.throws(
          () => state(options, tasks),
          (error) =>
            error instanceof Error &&
            error.name === name &&
            error.message.startsWith(`${owner}: ${option} `) &&
            error.message.includes(got),
        );
        assert.deepEqual(tasks.definitions, []);
      });
    }
  });
}

suite("Tasks.task()", () => {
  const wrong: ReadonlyArray<readonly [what: string, name: unknown, fn: unknown, message: RegExp]> =
    [
      ["an empty name", "", nothing, /^task: name must not be empty$/],
      ["a name that is no string", 5, nothing, /^task: name must be a string, got 5$/],
      [
        "a missing function",
        "x",
        undefined,
        /^task "x": its function is missing: .* task\("x", async \(\) => \{ \.\.\. \}\), got undefined$/,
      ],
      ["a function that is none", "x", "f", /^task "x": its last argument is no .*, got "f"$/],
    ];
  for (const [what, name, fn, message] of wrong) {
    test(`refuses ${what}`, () => {
      const tasks = new Tasks();
      assert.throws(() => tasks.task(name as string, {}, fn as () => void), { message });
      assert.deepEqual(tasks.definitions, []);
    });
  }

  test("says that the function is missing if there is nothing but a name", () => {
    const nameOnly: unknown = undefined;
    assert.throws(() => new Tasks().task("x", nameOnly as () => void), {
      name: "TypeError",
      message: /^task "x": its function is missing: expected a name, options/,
    });
  });

  test("refuses a name that is taken, and keeps the first", () => {
    const tasks = new Tasks();
    tasks.task("x", { queue: "first" }, nothing);
    const taken = {
      name: "RangeError",
      message: 'task: a task named "x" is already registered, pick another name',
    };
    assert.throws(() => tasks.task("x", nothing), taken);
    assert.throws(() => tasks.declare("x"), taken);
    assert.deepEqual(
      tasks.definitions.map(({ queue }) => queue),
      ["first"],
    );
  });

  test("fills in every option", () => {
    const tasks = new Tasks();
    tasks.task("x", nothing);
    assert.deepEqual(tasks.definitions, [
      {
        name: "x",
        queue: "spinach",
        maxRetries: 0,
        timeoutMs: undefined,
        periodicityMs: undefined,
        maxConcurrency: undefined,
        requiredArgs: 0,
        fn: nothing,
        module: undefined,
      },
    ]);
  });

  test("takes the defaults of the registry, option by option", () => {
    const module = "file:///tasks.ts";
    const tasks = new Tasks({
      queue: "slow",
      maxRetries: 5,
      timeout: 7,
      periodicity: 9,
      maxConcurrency: 2,
      module,
    });
    tasks.task("x", { maxRetries: 0, queue: "fast" }, nothing);
    tasks.task("y", { timeout: 8, maxConcurrency: 1, periodicity: 10 }, nothing);
    const base = { requiredArgs: 0, fn: nothing, module };
    const [x, y] = tasks.definitions;
    assert.deepEqual(x, {
      ...base,
      name: "x",
      queue: "fast",
      maxRetries: 0,
      timeoutMs: 7,
      periodicityMs: 9,
      maxConcurrency: 2,
    });
    assert.deepEqual(y, {
      ...base,
      name: "y",
      queue: "slow",
      maxRetries: 5,
      timeoutMs: 8,
      periodicityMs: 10,
      maxConcurrency: 1,
    });
  });

  test("takes an option that is undefined as one that is not there", () => {
    const tasks = new Tasks({ queue: "slow", maxRetries: 5, module: undefined });
    tasks.task(
      "x",
      { queue: undefined, maxRetries: undefined, timeout: undefined, requiredArgs: undefined },
      (a: number) => a,
    );
    const [x] = tasks.definitions;
    assert.deepEqual(
      [x?.queue, x?.maxRetries, x?.timeoutMs, x?.requiredArgs],
      ["slow", 5, undefined, 1],
    );
  });

  test("keeps the defaults as they were when the registry was made", () => {
    const defaults = { queue: "slow" };
    const tasks = new Tasks(defaults);
    defaults.queue = "_later";
    tasks.task("x", nothing);
    assert.equal(tasks.definitions[0]?.queue, "slow");
  });

  test("counts the parameters before the first default, unless requiredArgs says otherwise", () => {
    const tasks = new Tasks();
    const fn = (a: number, b: number, c = 0, ...rest: number[]): unknown => [a, b, c, rest];
    tasks.task("x", fn);
    tasks.task("y", { requiredArgs: 0 }, fn);
    assert.deepEqual(
      tasks.definitions.map(({ requiredArgs }) => requiredArgs),
      [2, 0],
    );
  });

  test("refuses a periodic task whose function needs arguments", () => {
    const message =
      'task "x": a periodic task is called without arguments, but its function needs 1';
    const fn = (a: number): number => a;
    const tasks = new Tasks({ periodicity: 5 });
    assert.throws(() => tasks.task("x", fn), { name: "RangeError", message });
    assert.throws(() => new Tasks().task("x", { periodicity: 5 }, fn), { message });
    tasks.task("defaulted", (a = 1) => a);
    tasks.task("optional", { requiredArgs: 0 }, fn);
    assert.equal(tasks.definitions.length, 2);
  });

  test("returns a task that is still its function", () => {
    const add = new Tasks().task("add", (a: number, b: number) => a + b);
    assert.equal(add(1, 2), 3);
    assert.equal(add.taskName, "add");
    assert.deepEqual(add.jobOptions, {});
  });

  test("refuses a module that is no name", () => {
    assert.throws(() => new Tasks({ module: "" }), { message: "Tasks: module must not be empty" });
    assert.throws(() => new Tasks({ module: 5 as unknown as string }), TypeError);
    assert.throws(() => new Tasks({ module: import.meta as unknown as string }), {
      name: "TypeError",
      message: /^Tasks: module must be a string: pass import\.meta\.url, got an object/,
    });
    for (const module of ["./tasks.ts", "../tasks.js", "/app/tasks.js", "C:\\tasks.js"]) {
      assert.throws(() => new Tasks({ module }), {
        name: "RangeError",
        message: `Tasks: module must be a URL or the name of a package, got the path "${module}": use import.meta.url`,
      });
    }
  });
});

suite("Task.with()", () => {
  test("makes a task with options of its own and leaves the first alone", () => {
    const tasks = new Tasks();
    const add = tasks.task("add", (a: number, b: number) => a + b);
    const later = add.with({ queue: "slow" }).with({ maxRetries: 2, queue: undefined });
    assert.equal(later(1, 2), 3);
    assert.equal(later.taskName, "add");
    assert.deepEqual(later.jobOptions, { queue: "slow", maxRetries: 2 });
    assert.deepEqual(add.jobOptions, {});
    assert.equal(tasks.definitions.length, 1);
  });
});

suite("Tasks.declare()", () => {
  test("names a task without a function, with the registry's queue and retries", () => {
    const tasks = new Tasks({ queue: "slow", periodicity: 5, maxConcurrency: 1 });
    tasks.declare("resize", { maxRetries: 4 });
    assert.deepEqual(tasks.definitions, [
      {
        name: "resize",
        queue: "slow",
        maxRetries: 4,
        timeoutMs: undefined,
        // Whoever has the function states its period and its limit.
        periodicityMs: undefined,
        maxConcurrency: undefined,
        requiredArgs: 0,
        fn: undefined,
        module: undefined,
      },
    ]);
  });

  test("returns a task that cannot be called here", () => {
    const resize = new Tasks().declare<[file: string]>("resize");
    assert.equal(resize.taskName, "resize");
    assert.throws(() => resize("cat.png"), {
      name: "TypeError",
      message: /^task "resize" is only declared here/,
    });
  });
});

suite("options of tasks", () => {
  test("that do not exist are refused: a typo must not change the delivery contract", () => {
    const typo: object = { maxRetry: 3 };
    const message = /there is no option "maxRetry", only queue, maxRetries, timeout/;
    assert.throws(() => new Tasks(typo), { name: "TypeError", message });
    assert.throws(() => new Tasks().task("x", typo, nothing), { name: "TypeError", message });
    assert.throws(() => new Tasks().declare("x", typo), { name: "TypeError", message });
    assert.throws(() => new Tasks().task("x", nothing).with(typo), { name: "TypeError", message });
  });

  test("must be an object", () => {
    const none: unknown = null;
    assert.throws(() => new Tasks().task("x", none as object, nothing), TypeError);
    assert.throws(() => new Tasks().declare("x", "5" as unknown as object), TypeError);
  });
});

suite("Tasks.watch()", () => {
  test("asks about each task still to come, and tells once it is registered", () => {
    const tasks = new Tasks();
    tasks.task("before", nothing);
    const seen: string[] = [];
    tasks.watch({
      check: ({ name }) => seen.push(`check ${name} of ${tasks.definitions.length}`),
      added: ({ name }) => seen.push(`added ${name} of ${tasks.definitions.length}`),
    });
    tasks.task("after", nothing);
    tasks.declare("declared");
    assert.deepEqual(seen, [
      "check after of 1",
      "added after of 2",
      "check declared of 2",
      "added declared of 3",
    ]);
  });

  test("registers no task that one of its watchers refuses, and tells none of it", () => {
    const tasks = new Tasks();
    const seen: string[] = [];
    const added = ({ name }: { name: string }): unknown => seen.push(name);
    tasks.watch({ check: nothing, added });
    tasks.watch({
      check: () => {
        throw new RangeError("refused");
      },
      added,
    });
    assert.throws(() => tasks.task("bad", nothing), { message: "refused" });
    assert.deepEqual(tasks.definitions, []);
    assert.deepEqual(seen, []);
  });

  test("returns how to stop watching", () => {
    const tasks = new Tasks();
    const stop = tasks.watch({ check: () => assert.fail(), added: () => assert.fail() });
    stop();
    tasks.task("after", nothing);
    assert.equal(tasks.definitions.length, 1);
  });
});
