import type { Mutant } from "../mutant.ts";

const REDIS_PARTS = "src/brokers/redis/redis-parts.ts";
const REDIS_TEST = "test/brokers/redis/option-effects.test.ts";

export const MUTANTS: readonly Mutant[] = [
  {
    kind: "enqueueTimeout ignored",
    file: REDIS_PARTS,
    from: "timeoutMs: options.enqueueTimeout,",
    to: "timeoutMs: 30_000,",
    test: REDIS_TEST,
  },
  {
    kind: "enqueueTimeout ignored",
    file: REDIS_PARTS,
    from: "timeoutMs: options.enqueueTimeout,",
    to: "timeoutMs: 0,",
    test: REDIS_TEST,
  },
  {
    kind: "callTimeout ignored",
    file: REDIS_PARTS,
    from: "    callTimeoutMs: options.callTimeout,\n  };\n",
    to: "    callTimeoutMs: 5000,\n  };\n",
    test: REDIS_TEST,
  },
  {
    kind: "stuckAfter ignored",
    file: "src/brokers/sqlite/outside.ts",
    from: "stuckAfterMs: options.stuckAfter,",
    to: "stuckAfterMs: 600_000,",
    test: "test/brokers/sqlite/sqlite-deaths.test.ts",
    title: "for longer than stuckAfter",
  },
  {
    kind: "a log that grows for ever",
    file: "src/brokers/sqlite/heartbeat.ts",
    from: "      this.#shortenLog();\n    } catch",
    to: "    } catch",
    test: "test/brokers/sqlite/heartbeat.test.ts",
  },
  {
    kind: "lease ignored",
    file: "src/brokers/sqlite/session.ts",
    from: "leaseMs: this.#parts.options.lease",
    to: "leaseMs: 3000",
    test: "test/brokers/sqlite/outside.test.ts",
  },
  {
    kind: "lease ignored",
    file: "src/brokers/sqlite/heartbeat-entry.ts",
    from: "leaseMs: options.lease,",
    to: "leaseMs: 3000,",
    test: "test/brokers/sqlite/outside.test.ts",
  },
];
