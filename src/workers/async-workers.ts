import type { ResourceLimits } from "node:worker_threads";

import { MAX_CONCURRENCY } from "../core/constants.ts";
import type { StoredJob } from "../core/job.ts";
import { checkInteger, checkOptions } from "../core/option-checks.ts";
import type { RunnableTask } from "../core/task.ts";
import { LoopWorkers } from "./loop-workers.ts";
import { WORKERS_HINTS } from "./option-hints.ts";
import { checkThreadOptions, checkTimeoutGrace, MAX_THREADS } from "./threads/thread-options.ts";
import { ThreadPool } from "./threads/thread-pool.ts";
import type { JobsAhead, Workers, WorkersContext } from "./workers.ts";

/** Options of coroutine workers. */
export interface AsyncWorkersOptions {
  /** Jobs at once, from 1 to 100,000. @defaultValue 5 */
  readonly number?: number | undefined;
  /**
   * Threads to spread them over, each with an event loop of its own, from 0 to `number`, at most 1,024; 0 is the
   * event loop of this thread. @defaultValue 0
   */
  readonly threads?: number | undefined;
  /**
   * How long a task that ignores its timeout's signal may go on before it is given up, in ms, at
   * least 0. On threads, one whose event loop is blocked then is terminated, a second later.
   * @defaultValue 5_000
   */
  readonly timeoutGrace?: number | undefined;
  /** With threads: how long one may take to import its modules, in ms, at least 1. @defaultValue 30_000 */
  readonly readyTimeout?: number | undefined;
  /** With threads: limits of the memory of each, as Node's `new Worker` takes them. @defaultValue Node's */
  readonly resourceLimits?: ResourceLimits | undefined;
}

const OPTIONS = ["number", "threads", "timeoutGrace", "readyTimeout", "resourceLimits"] as const;
const DEFAULT_NUMBER = 5;

/**
 * Runs jobs as coroutines: on this thread's event loop, or on those of some threads.
 *
 * @example
 * await spin.run({ workers: new AsyncWorkers({ number: 256 }) });
 */
export class AsyncWorkers implements Workers {
  readonly number: number;
  readonly ahead: JobsAhead | undefined;
  readonly #workers: Workers;

  /** @throws TypeError or RangeError if an option is not valid */
  constructor(options: AsyncWorkersOptions = {}) {
    checkOptions("AsyncWorkers", options, OPTIONS, WORKERS_HINTS);
    const { number = DEFAULT_NUMBER, threads = 0 } = options;
    this.number = checkInteger("AsyncWorkers: number", number, {
      min: 1,
      max: MAX_CONCURRENCY,
    });
    checkInteger("AsyncWorkers: threads", threads, { min: 0, max: Math.min(number, MAX_THREADS) });
    const timeoutGraceMs = checkTimeoutGrace("AsyncWorkers", options);
    const threadOptions = checkThreadOptions("AsyncWorkers", options);
    this.#workers =
      threads === 0
        ? new LoopWorkers(number, timeoutGraceMs)
        : new ThreadPool({
            ...threadOptions,
            kind: "AsyncWorkers",
            number,
            threads,
            idle: "loop",
            timeoutGraceMs,
            givesUp: true,
            maxJobsPerThread: Infinity,
          });
    this.ahead = this.#workers.ahead;
  }

  get availableSlots(): number {
    return this.#workers.availableSlots;
  }

  get isIdle(): boolean {
    return this.#workers.isIdle;
  }

  get running(): readonly StoredJob[] {
    return this.#workers.running;
  }

  async start(context: WorkersContext): Promise<void> {
    await this.#workers.start(context);
  }

  submit(stored: StoredJob, task: RunnableTask): void {
    this.#workers.submit(stored, task);
  }

  abort(reason: (stored: StoredJob) => Error): void {
    this.#workers.abort(reason);
  }

  async stop(options: { readonly timeout: number }): Promise<void> {
    await this.#workers.stop(options);
  }
}
