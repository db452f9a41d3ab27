import type { Mutant } from "../mutant.ts";

const POOL = "src/workers/threads/thread-pool.ts";
const OPTIONS_TEST = "test/workers/threads/thread-options.test.ts";

export const MUTANTS: readonly Mutant[] = [
  {
    kind: "resourceLimits ignored",
    file: POOL,
    from: "resourceLimits: this.#options.resourceLimits,",
    to: "resourceLimits: undefined,",
    test: OPTIONS_TEST,
  },
  {
    kind: "readyTimeout ignored",
    file: "src/workers/threads/thread-crew.ts",
    from: "    }, readyTimeoutMs);",
    to: "    }, 30_000);",
    test: "test/workers/threads/thread-deaths.test.ts",
    title: "in time are refused",
  },
  {
    kind: "threads ignored",
    file: "src/workers/async-workers.ts",
    from: "            threads,\n",
    to: "            threads: 1,\n",
    test: OPTIONS_TEST,
  },
  {
    kind: "slots that no thread has",
    file: POOL,
    from: "Math.ceil((number - index) / threads)",
    to: "Math.floor((number - index) / threads)",
    test: OPTIONS_TEST,
    title: "none is lost",
  },
  {
    kind: "slots that are lost with a thread",
    file: POOL,
    from: "    if (this.#shares.length < this.#options.threads) this.#shares.push(thread.slots);\n",
    to: "",
    test: OPTIONS_TEST,
    title: "has died with its slots",
  },
  {
    kind: "idle ignored",
    file: "src/workers/threads/thread-workers.ts",
    from: "idle: checkIdle(idle),",
    to: 'idle: "block",',
    test: OPTIONS_TEST,
    title: "between jobs",
  },
  {
    kind: "idle ignored",
    file: "src/workers/threads/thread-workers.ts",
    from: "idle: checkIdle(idle),",
    to: 'idle: "loop",',
    test: OPTIONS_TEST,
    title: "before the next job",
  },
  {
    kind: "a task that runs before what came while its thread slept",
    file: "src/workers/threads/thread-loop.ts",
    from: "  async #wholeTurn(): Promise<void> {\n    await this.#yielder.yield();\n",
    to: "  async #wholeTurn(): Promise<void> {\n",
    test: OPTIONS_TEST,
    title: "before the next job",
  },
];
