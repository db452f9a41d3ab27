import type { Mutant } from "../mutant.ts";

export const MUTANTS: readonly Mutant[] = [
  {
    kind: "an unknown thing taken for no options",
    file: "src/core/option-checks.ts",
    from: 'if (typeof options !== "object" || options === null || !isPlainObject(options)) {',
    to: 'if (typeof options !== "object" || options === null || Array.isArray(options)) {',
    test: "test/engine/options.test.ts",
  },
  {
    kind: "a place that is undefined taken for the default",
    file: "src/brokers/redis/redis-node.ts",
    from: "if (missing === undefined) return;",
    to: "return;",
    test: "test/brokers/redis/redis-target.test.ts",
  },
  {
    kind: "a client of another package taken for one of ours",
    file: "src/brokers/redis/client-options.ts",
    from: 'return "isOpen" in value && typeof value.isOpen === "boolean" && "duplicate" in value;',
    to: 'return "duplicate" in value;',
    test: "test/brokers/redis/redis-target.test.ts",
  },
];
