import type { ContenderName } from "./contenders.ts";

/** A job of `contenders/pool-job.ts`. */
export interface PoolJob {
  readonly name: "noop" | "burn";
  /** What it is called with; its number if there is none. */
  readonly argument?: number;
}

/** What runs jobs on threads, without a server. A pool, as every scenario uses it. */
export interface JobPool {
  /** Resolves when the threads can work. */
  open(): Promise<void>;
  /** Schedules no-op jobs before `open`, and returns how to wait for their ends; if it can. */
  fill?(count: number, onJob: () => void): Promise<() => Promise<void>>;
  /** Runs a job so many times; calls back at the end of each. */
  runAll(job: PoolJob, count: number, onJob: () => void): Promise<void>;
  /** Runs one no-op job, and resolves at its end. */
  runOne(index: number): Promise<void>;
  close(): Promise<void>;
}

/** Loads only the one that is measured. */
export async function loadPool(name: ContenderName, threads: number): Promise<JobPool> {
  if (name === "spinach-threads" || name === "loop") {
    const { EnginePool } = await import("../contenders/engine-pool.ts");
    return new EnginePool(name === "loop" ? 0 : threads);
  }
  const { RunPool } = await import("../contenders/run-pool.ts");
  const filename = new URL("../contenders/pool-job.ts", import.meta.url).href;
  const size = { filename, minThreads: threads, maxThreads: threads };
  if (name === "tinypool") {
    const { Tinypool } = await import("tinypool");
    return new RunPool(new Tinypool(size));
  }
  const { Piscina } = await import("piscina");
  const concurrentTasksPerWorker = name === "piscina-10" ? 10 : 1;
  return new RunPool(new Piscina({ ...size, concurrentTasksPerWorker, recordTiming: false }));
}
