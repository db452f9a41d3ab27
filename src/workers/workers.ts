/**
 * What workers are: a number of slots, each running one job at a time. They know jobs, never brokers;
 * what becomes of a finished job is not theirs to decide.
 */
import type { StoredJob } from "../core/job.ts";
import type { Result } from "../core/outcome.ts";
import type { RunnableTask, TaskDefinition } from "../core/task.ts";
import type { Runtime } from "../platform/runtime.ts";

/** A job whose task has ended, or was given up. */
export interface FinishedJob {
  readonly stored: StoredJob;
  readonly result: Result;
  readonly durationMs: number;
}

/** Where workers report. None of these may throw. */
export interface WorkersSink {
  jobStarted(stored: StoredJob): void;
  /** Called once for each job that was submitted; its slot is free again. */
  jobFinished(finished: FinishedJob): void;
  workerStarted(workerName: string): void;
  workerTerminated(workerName: string): void;
}

/** What workers get from their engine. */
export interface WorkersContext {
  readonly namespace: string;
  readonly runtime: Runtime;
  /** The tasks registered when the workers start. */
  readonly tasks: readonly TaskDefinition[];
  readonly sink: WorkersSink;
}

/** How a stop treats running jobs. */
export interface StopOptions {
  /**
   * How long running jobs may go on, in ms, 0 and `Infinity` included; then their signals abort.
   * @defaultValue 25_000, so that a container's usual 30 s are enough
   */
  readonly timeout?: number | undefined;
}

/** A kind of workers. An instance serves one `startWorkers`. */
export interface Workers {
  /** Most jobs at once. */
  readonly number: number;
  /** Resolves when the workers can take jobs. @throws TypeError if they were started before */
  start(context: WorkersContext): Promise<void>;
  /** How many more jobs `submit` takes now. */
  readonly availableSlots: number;
  /** The jobs that were submitted and have not ended. */
  readonly running: readonly StoredJob[];
  /** Starts a job. Only while `availableSlots` is above 0. */
  submit(stored: StoredJob, task: RunnableTask): void;
  /** Aborts the signals of the jobs that run, with a reason made for each. */
  abort(reason: (stored: StoredJob) => Error): void;
  /**
   * Waits for the running jobs, at most for the timeout; then aborts their signals, and soon after
   * gives up those that go on. Always resolves; every job was reported by then. A further call may
   * only shorten the wait.
   */
  stop(options: { readonly timeout: number }): Promise<void>;
}
