import type { Mutant } from "../mutant.ts";

export const MUTANTS: readonly Mutant[] = [
  {
    kind: "a number that passes the check and breaks further in",
    file: "src/workers/threads/thread-pool.ts",
    from: "Math.min(number * AHEAD_PER_SLOT, MAX_AHEAD)",
    to: "number * AHEAD_PER_SLOT",
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
];
