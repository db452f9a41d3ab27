import { setTimeout as sleep } from "node:timers/promises";

import { systemRuntime } from "../../../src/platform/runtime.ts";
import { workersConformance } from "../../../src/testing/conformance/workers-conformance.ts";
import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import { ThreadWorkers } from "../../../src/workers/threads/thread-workers.ts";

/** Threads live in real time. */
const createTime = () => ({
  runtime: systemRuntime(),
  pass: async (ms: number): Promise<void> => {
    await sleep(ms);
  },
});

workersConformance({
  name: "ThreadWorkers",
  create: (options) => new ThreadWorkers(options),
  createTime,
});

workersConformance({
  name: "AsyncWorkers on threads",
  create: (options) => new AsyncWorkers({ ...options, threads: 2 }),
  createTime,
});
