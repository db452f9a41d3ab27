import { AsyncLocalStorage } from "node:async_hooks";

import type { Job } from "../core/job.ts";
import type { Logger } from "../platform/logger.ts";
import type { CurrentEngine } from "./current-engine.ts";

/** The job that is running, as its task sees it. */
export interface CurrentJob extends Job {
  /**
   * Aborts when the job should end: its timeout, the stop of the workers, or a lost lease. `reason`
   * is a JobTimeoutError, WorkersStoppedError or LeaseLostError.
   */
  readonly signal: AbortSignal;
  /** The engine's logger; its lines carry the job's id and task. */
  readonly logger: Logger;
}

/** @internal Makes the CurrentJob when it is first asked for: most tasks never ask. */
export interface CurrentJobSource {
  readonly currentJob: CurrentJob;
  readonly currentEngine: CurrentEngine | undefined;
}

const storage = new AsyncLocalStorage<CurrentJobSource>();

/**
 * Inside a task, and in whatever it calls or awaits: its job. Outside: `undefined`.
 *
 * @example
 * const response = await fetch(url, { signal: currentJob()?.signal ?? null });
 */
export function currentJob(): CurrentJob | undefined {
  return storage.getStore()?.currentJob;
}

/** @internal What runs here. */
export function currentSource(): CurrentJobSource | undefined {
  return storage.getStore();
}

/** @internal */
export function runWithCurrentJob<Source extends CurrentJobSource, Value>(
  source: Source,
  body: (source: Source) => Value,
): Value {
  return storage.run(source, body, source);
}
