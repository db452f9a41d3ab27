import type { ThreadPoolOptions } from "./thread-pool.ts";

/** What the workers of a pool are called in events, one for each thread. */
export function workerNames(
  namespace: string,
  { kind, threads }: Pick<ThreadPoolOptions, "kind" | "threads">,
): readonly string[] {
  const what = kind === "ThreadWorkers" ? "thread" : "async";
  return Array.from({ length: threads }, (_, index) => `${namespace}-${what}-worker-${index + 1}`);
}
