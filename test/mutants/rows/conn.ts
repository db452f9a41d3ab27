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
  {
    kind: "a passing failure of the start taken for a permanent one",
    file: "src/brokers/redis/connection-keeper.ts",
    from: "isMet ||= isNotReady(error);",
    to: "",
    test: "test/brokers/redis/redis-not-ready.test.ts",
  },
  {
    kind: "workers that start before Redis is ready",
    file: "src/engine/engine.ts",
    from: "await this.#broker.ready?.();",
    to: "",
    test: "test/brokers/redis/redis-not-ready.test.ts",
    title: "is loading its data",
  },
  {
    kind: "a start that resolves though the engine was closed",
    file: "src/engine/engine.ts",
    from: "// Where it was closed meanwhile, no workers take jobs.\n    this.#refuseIfClosed();",
    to: "",
    test: "test/brokers/redis/redis-not-ready.test.ts",
  },
  {
    kind: "a pause that outlives close()",
    file: "src/brokers/redis/redis-broker.ts",
    from: "producer.endPause();",
    to: "",
    test: "test/brokers/redis/redis-not-ready.test.ts",
  },
  {
    kind: "a warning for a connection that was idle",
    file: "src/brokers/redis/connection-keeper.ts",
    from: "if (wasIdle) this.#log.closedWhileIdle(error);",
    to: "if (this.#isClosed) this.#log.closedWhileIdle(error);",
    test: "test/brokers/redis/redis-not-ready.test.ts",
  },
];
