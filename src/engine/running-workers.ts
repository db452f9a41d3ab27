import type { StopOptions, Workers } from "../workers/workers.ts";

/** Options of `engine.startWorkers`. */
export interface StartWorkersOptions {
  /** What runs the jobs; an instance serves once. */
  readonly workers: Workers;
  /** Which queue to work on; each at most once per engine at a time. @defaultValue `"spinach"` */
  readonly queue?: string | undefined;
  /**
   * Stops by itself when no job is ready, running here, or parked behind a concurrency limit. Jobs
   * of the future, retries included, are not waited for. @defaultValue false
   */
  readonly stopWhenQueueEmpty?: boolean | undefined;
}

/** Options of `engine.run`. */
export interface RunOptions extends StartWorkersOptions {
  /**
   * After SIGINT or SIGTERM, how long running jobs may go on, in ms. @defaultValue 25_000
   */
  readonly stopTimeout?: number | undefined;
}

/** Workers that were started on one queue. */
export interface RunningWorkers extends AsyncDisposable {
  /** Resolves when they have stopped, for whatever reason. Never rejects. */
  readonly finished: Promise<void>;
  /**
   * Stops them: no new jobs; running ones may end within the timeout, then their signals abort, then
   * they are handed back to the queue (at-least-once) or failed (at-most-once). Always resolves. A
   * second call may only shorten the wait.
   *
   * @throws TypeError or RangeError if the timeout is not valid
   */
  stop(options?: StopOptions): Promise<void>;
}
