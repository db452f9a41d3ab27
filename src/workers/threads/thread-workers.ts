import { availableParallelism } from "node:os";
import type { ResourceLimits } from "node:worker_threads";

import { MAX_COUNT } from "../../core/constants.ts";
import type { StoredJob } from "../../core/job.ts";
import { checkInteger, checkOptions, describe } from "../../core/option-checks.ts";
import type { RunnableTask } from "../../core/task.ts";
import { WORKERS_HINTS } from "../option-hints.ts";
import type { JobsAhead, Workers, WorkersContext } from "../workers.ts";
import type { Idle } from "./protocol.ts";
import { checkThreadOptions, checkTimeoutGrace, MAX_THREADS } from "./thread-options.ts";
import { ThreadPool } from "./thread-pool.ts";

/** Options of workers on threads. */
export interface ThreadWorkersOptions {
  /** Threads, each running one job at a time; from 1 to 1,024. @defaultValue the CPUs that the process may use */
  readonly number?: number | undefined;
  /** Limits of the memory of each thread, as Node's `new Worker` takes them. @defaultValue Node's */
  readonly resourceLimits?: ResourceLimits | undefined;
  /** After so many jobs, from 1 to 2^31 - 1, a thread ends and another takes its place. @defaultValue never */
  readonly maxJobsPerThread?: number | undefined;
  /**
   * How a thread waits for its next job. `"block"`: asleep, unless a socket, a timer or something else that a task
   * has left needs the event loop; what is unref'd is served only before the next job, as connections that an HTTP
   * agent keeps alive. `"loop"`: always in its event loop; a job starts some 30 us later. @defaultValue "block"
   */
  readonly idle?: "block" | "loop" | undefined;
  /**
   * How long a task may go on after its signal has aborted, because of its timeout or of a lost lease, in ms, at
   * least 0; then its thread is terminated. @defaultValue 5_000
   */
  readonly timeoutGrace?: number | undefined;
  /** How long a thread may take to import its modules, in ms, at least 1. @defaultValue 30_000 */
  readonly readyTimeout?: number | undefined;
}

const OPTIONS = [
  "number",
  "resourceLimits",
  "maxJobsPerThread",
  "idle",
  "timeoutGrace",
  "readyTimeout",
] as const;

/**
 * Runs jobs on threads, one at a time on each: a task may block, compute for long, or be async. Its function must
 * be in a registry made with `new Tasks({ module: import.meta.url })`, in a module that exports it.
 *
 * @example
 * spin.attachTasks(tasks); // from a module of its own
 * await spin.run({ workers: new ThreadWorkers() });
 */
export class ThreadWorkers implements Workers {
  readonly number: number;
  readonly ahead: JobsAhead;
  readonly #pool: ThreadPool;

  /** @throws TypeError or RangeError if an option is not valid */
  constructor(options: ThreadWorkersOptions = {}) {
    checkOptions("ThreadWorkers", options, OPTIONS, WORKERS_HINTS);
    const cpus = Math.min(availableParallelism(), MAX_THREADS);
    const { number = cpus, maxJobsPerThread, idle = "block" } = options;
    this.number = checkInteger("ThreadWorkers: number", number, { min: 1, max: MAX_THREADS });
    if (maxJobsPerThread !== undefined) {
      checkInteger("ThreadWorkers: maxJobsPerThread", maxJobsPerThread, {
        min: 1,
        max: MAX_COUNT,
      });
    }
    this.#pool = new ThreadPool({
      ...checkThreadOptions("ThreadWorkers", options),
      kind: "ThreadWorkers",
      number,
      threads: number,
      idle: checkIdle(idle),
      timeoutGraceMs: checkTimeoutGrace("ThreadWorkers", options),
      givesUp: false,
      maxJobsPerThread: maxJobsPerThread ?? Infinity,
    });
    this.ahead = this.#pool.ahead;
  }

  get availableSlots(): number {
    return this.#pool.availableSlots;
  }

  get isIdle(): boolean {
    return this.#pool.isIdle;
  }

  get running(): readonly StoredJob[] {
    return this.#pool.running;
  }

  async start(context: WorkersContext): Promise<void> {
    await this.#pool.start(context);
  }

  submit(stored: StoredJob, task: RunnableTask): void {
    this.#pool.submit(stored, task);
  }

  abort(reason: (stored: StoredJob) => Error): void {
    this.#pool.abort(reason);
  }

  async stop(options: { readonly timeout: number }): Promise<void> {
    await this.#pool.stop(options);
  }
}

function checkIdle(idle: Idle): Idle {
  const known: readonly unknown[] = ["block", "loop"];
  if (known.includes(idle)) return idle;
  throw new RangeError(`ThreadWorkers: idle must be "block" or "loop", got ${describe(idle)}`);
}
