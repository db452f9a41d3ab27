import { workerData } from "node:worker_threads";

import { isThreadData } from "./protocol.ts";

/** Whether this thread, one of a pool, is importing the modules of its tasks, or what Node loads before them. */
let isLoading = isThreadData(workerData);

/** Imports modules, which must only define tasks meanwhile. */
export async function whileLoading<Value>(load: () => Promise<Value>): Promise<Value> {
  isLoading = true;
  try {
    return await load();
  } finally {
    isLoading = false;
  }
}

/** @throws TypeError if a module starts workers in each thread that loads it: they would never end to load it */
export function refuseToStartWorkers(): void {
  if (!isLoading) return;
  throw new TypeError(
    "startWorkers was called in a module that worker threads load for its tasks: " +
      "put the tasks in a module of their own, or start workers only if isMainThread (node:worker_threads) is true",
  );
}
