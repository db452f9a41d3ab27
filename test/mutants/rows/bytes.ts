import type { Mutant } from "../mutant.ts";

const KIND = "work that fails for its size";

export const MUTANTS: readonly Mutant[] = [
  {
    kind: KIND,
    file: "src/brokers/redis/line-patience.ts",
    from: "if (received !== this.#received) this.#movedAtMs = nowMs;",
    to: "",
    test: "test/brokers/redis/line-patience.test.ts",
  },
  {
    kind: KIND,
    file: "src/brokers/redis/line-patience.ts",
    from: "const silentMs = timeoutMs + sentBytes / this.#upload;",
    to: "const silentMs = timeoutMs;",
    test: "test/brokers/redis/thin-line.test.ts",
    title: "is scheduled",
  },
  {
    kind: KIND,
    file: "src/brokers/redis/producer.ts",
    from: " || bytes > this.#bound.bytes",
    to: "",
    test: "test/brokers/redis/thin-line.test.ts",
    title: "schedule() calls made at once",
  },
  {
    kind: "a request repeated with less, taken for the same",
    file: "src/brokers/redis/producer.ts",
    from: "return carried.get(attempt) ?? count;",
    to: "return count;",
    test: "test/brokers/redis/thin-line.test.ts",
    title: "schedule() calls made at once",
  },
  {
    kind: KIND,
    file: "src/engine/bounded-broker.ts",
    from: "isCarrying ? nowMs + CARRIES_MUCH_MS : ",
    to: "",
    test: "test/engine/bounded-broker.test.ts",
  },
];
