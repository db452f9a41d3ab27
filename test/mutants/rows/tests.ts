import type { Mutant } from "../mutant.ts";

export const MUTANTS: readonly Mutant[] = [
  {
    kind: "a delay without its cap",
    file: "src/core/backoff.ts",
    from: "Math.min(baseMs * 2 ** attempt, capMs) / 2",
    to: "(baseMs * 2 ** attempt) / 2",
    test: "test/core/backoff.test.ts",
  },
];
