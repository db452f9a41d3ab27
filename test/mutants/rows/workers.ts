import type { Mutant } from "../mutant.ts";

const FREE_TOO_EARLY = "capacity counted free before the resource is back";
const STUCK_TEST = "test/workers/threads/thread-stuck.test.ts";

export const MUTANTS: readonly Mutant[] = [
  {
    kind: FREE_TOO_EARLY,
    file: "src/workers/threads/pool-room.ts",
    from: "return Math.min(this.#parts.number, this.#parts.slots());",
    to: "return this.#parts.number;",
    test: STUCK_TEST,
  },
  {
    kind: FREE_TOO_EARLY,
    file: "src/workers/threads/pool-room.ts",
    from: "|| this.#capacity === 0 ?",
    to: "?",
    test: STUCK_TEST,
  },
  {
    kind: FREE_TOO_EARLY,
    file: "src/workers/threads/thread-crew.ts",
    from: "    this.#lost(thread);\n  }\n\n  /** What becomes",
    to: "  }\n\n  /** What becomes",
    test: STUCK_TEST,
  },
  {
    kind: FREE_TOO_EARLY,
    file: "src/workers/threads/thread-crew.ts",
    from: "Math.min(this.#stuck.size, size)",
    to: "this.#stuck.size",
    test: STUCK_TEST,
  },
  {
    kind: FREE_TOO_EARLY,
    file: "src/engine/arbiter.ts",
    from: "  slotsFreed(): void {\n    this.#sleeper.wake();",
    to: "  slotsFreed(): void {",
    test: STUCK_TEST,
    title: "an engine whose threads",
  },
  {
    kind: FREE_TOO_EARLY,
    file: "src/engine/arbiter.ts",
    from: "    if (this.#local.room === 0) return undefined;\n",
    to: "",
    test: "test/engine/claims.test.ts",
  },
  {
    kind: "a number that passes the check and breaks further in",
    file: "src/workers/threads/pool-room.ts",
    from: "Math.min(parts.number * AHEAD_PER_SLOT, MAX_AHEAD)",
    to: "parts.number * AHEAD_PER_SLOT",
    test: "test/workers/threads/thread-jobs.test.ts",
    title: "AsyncWorkers of the most jobs at once",
  },
  {
    kind: "a number without its bound",
    file: "src/core/task.ts",
    from: "maxRetries, { min: 0, max: MAX_COUNT }",
    to: "maxRetries, { min: 0, max: Number.MAX_SAFE_INTEGER }",
    test: "test/number-options.test.ts",
  },
  {
    kind: "a value of a user looked at outside a guard",
    file: "src/core/thrown.ts",
    from: 'return { kind: "retry", at: timeOf(thrown.at) };',
    to: 'return { kind: "retry", at: thrown.at?.getTime() };',
    test: "test/core/thrown.test.ts",
  },
  {
    kind: "a value of a user looked at outside a guard",
    file: "src/workers/threads/crossing-error.ts",
    from: "for (const [member, value] of Object.entries(fields)) define(error, member, value, true);",
    to: "Object.assign(error, fields);",
    test: "test/engine/hostile-values.test.ts",
  },
  {
    kind: "a value of a user looked at outside a guard",
    file: "src/platform/safe-logger.ts",
    from: "if (!writes(logger, level, fields, message)) writes(logger, level, asTexts(fields), message);",
    to: "writes(logger, level, fields, message);",
    test: "test/engine/hostile-values.test.ts",
  },
  {
    kind: "an argument that arrives as another one",
    file: "src/core/json-carrier.ts",
    from: "if (Object.is(value, -0)) this.hasNegativeZero = true;",
    to: "if (Object.is(value, -0)) return value;",
    test: "test/core/json-arguments.test.ts",
  },
  {
    kind: "an argument that arrives as another one",
    file: "src/core/json-carrier.ts",
    from: "const copy: Record<string, unknown> = { ...value };",
    to: "const copy = value as Record<string, unknown>;",
    test: "test/core/json-arguments.test.ts",
  },
  {
    kind: "an AbortError as cause that is retried",
    file: "src/core/thrown.ts",
    from: "error = error.cause;",
    to: "return undefined;",
    test: "test/core/outcome.test.ts",
  },
];
