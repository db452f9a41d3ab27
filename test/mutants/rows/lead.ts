import type { Mutant } from "../mutant.ts";

const STARVES = "a promise API that only ever settles in microtasks";

export const MUTANTS: readonly Mutant[] = [
  {
    kind: STARVES,
    file: "src/brokers/memory/memory-broker.ts",
    from: "if (wait !== undefined) await wait;",
    to: "",
    test: "test/engine/fairness.test.ts",
  },
  {
    kind: STARVES,
    file: "src/brokers/sqlite/group-commit.ts",
    from: "await this.#turn.wait;",
    to: "",
    test: "test/engine/fairness.test.ts",
  },
  {
    kind: STARVES,
    file: "src/queue/queuey.ts",
    from: "return attempt;\n    }, signal);\n    await this.#turn.wait;",
    to: "return attempt;\n    }, signal);",
    test: "test/engine/fairness.test.ts",
  },
  {
    kind: "two namespaces that share a key",
    file: "src/brokers/redis/redis-keys.ts",
    from: 'namespace.includes("/")',
    to: 'namespace.startsWith("/")',
    test: "test/brokers/redis/redis-keys.test.ts",
  },
  {
    kind: "a text from outside in a log line",
    file: "src/engine/job-reporter.ts",
    from: "`starting ${printable(job.taskName)}`",
    to: "`starting ${job.taskName}`",
    test: "test/core/printable.test.ts",
  },
  {
    kind: "a payload in a message",
    file: "src/core/errors.ts",
    from: "${problem} (${which}${wire.length} characters)",
    to: "${problem} (${which}${wire.slice(0, 200)})",
    test: "test/core/printable.test.ts",
  },
  {
    kind: "jobs of a lost reply in no order",
    file: "src/core/job-codec.ts",
    from: "return byMs === 0 ? microsIn(one.wire) - microsIn(other.wire) : byMs;",
    to: "return byMs;",
    test: "test/brokers/redis/redis-broker.test.ts",
    title: "reconcile() gives jobs that were made in one ms",
  },
  {
    kind: "a waiter that gives up leaves those behind it waiting",
    file: "src/queue/queuey-line.ts",
    from: "    this.#advance(false);\n  }\n}",
    to: "    if (this.#callers.size === 0) this.#keepAlive.release();\n  }\n}",
    test: "test/queue/queuey.test.ts",
    title: "gives up lets those behind it go on",
  },
  {
    kind: "a thread of ours runs what the application had Node load",
    file: "src/platform/own-threads.ts",
    from: 'env: { ...rest, NODE_OPTIONS: "" },',
    to: "env: { ...rest, NODE_OPTIONS },",
    test: "test/brokers/heartbeat/thread-start.test.ts",
    title: "does not run a preload",
  },
  {
    kind: "a heartbeat thread that can never start is nobody's error",
    file: "src/brokers/sqlite/session.ts",
    from: "    await this.#outside?.ready();\n",
    to: "",
    test: "test/brokers/heartbeat/thread-start.test.ts",
    title: "whose file a bundle has left behind",
  },
  {
    kind: "a right that is missing is told by the job that needs it",
    file: "src/brokers/redis/redis-broker.ts",
    from: '    await rights.check("have workers");\n',
    to: "",
    test: "test/brokers/redis/rights.test.ts",
  },
  {
    kind: "a connection that goes on after it was closed",
    file: "src/brokers/redis/connector.ts",
    from: "findNode(search));\n    signal.throwIfAborted();\n",
    to: "findNode(search));\n",
    test: "test/lifecycle/stop-at-each-await.test.ts",
  },
];
