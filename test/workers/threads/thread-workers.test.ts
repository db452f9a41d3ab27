import { setTimeout as sleep } from "node:timers/promises";

import { systemRuntime } from "../../../src/platform/runtime.ts";
import { workersConformance } from "../../../src/testing/conformance/workers-conformance.ts";
import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import { ThreadWorkers } from "../../../src/workers/threads/thread-workers.ts";

/** Real time on a busy machine: long enough for a task to have its last word. In ms. */
const TIMEOUT_GRACE_MS = 1000;

/** Threads live in real time. */
const createTime = () => ({
  runtime: systemRuntime(),
  pass: async (ms: number): Promise<void> => {
    await sleep(ms);
  },
});

workersConformance({
  name: "ThreadWorkers",
  create: ({ number }) => new ThreadWorkers({ number, timeoutGrace: TIMEOUT_GRACE_MS }),
  createTime,
});

workersConformance({
  name: "AsyncWorkers on threads",
  create: ({ number }) => new AsyncWorkers({ number, threads: 2, timeoutGrace: TIMEOUT_GRACE_MS }),
  createTime,
});
