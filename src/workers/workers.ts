/**
 * What workers are: a number of slots, each running one job at a time. They know jobs, never brokers;
 * what becomes of a finished job is not theirs to decide.
 */
import type { JobRequest } from "../core/batch.ts";
import type { Job, StoredJob } from "../core/job.ts";
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
  /** Called once for each job that was submitted and not taken back; its slot is free again. */
  jobFinished(finished: FinishedJob): void;
  /** Slots are free without a job that has ended: a thread works in place of another. */
  slotsFreed(): void;
  workerStarted(workerName: string): void;
  workerTerminated(workerName: string): void;
}

/** What workers get from their engine. */
export interface WorkersContext {
  readonly namespace: string;
  /** The queue that they work on. */
  readonly queue: string;
  readonly runtime: Runtime;
  /** The tasks registered when the workers start. */
  readonly tasks: readonly TaskDefinition[];
  readonly sink: WorkersSink;
  /** Schedules a job, for tasks that ask for it. Rejects as `engine.schedule` does. */
  readonly schedule: (request: JobRequest) => Promise<Job>;
  /**
   * Whether somebody reads what tasks return. Otherwise workers need not carry it out of their threads.
   * @defaultValue false
   */
  readonly wantsResults?: boolean | undefined;
}

/** The jobs that workers hold beyond those that their slots can run, so that no slot ever waits. */
export interface JobsAhead {
  /** How many more jobs, beyond `availableSlots`, `submit` takes now. */
  readonly room: number;
  /** How many jobs they hold beyond those that can run: all these wait. */
  readonly count: number;
  /** Gives back the jobs that were submitted and have not started, oldest first: nothing is reported of them. */
  takeBack(): readonly StoredJob[];
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
  /** Most jobs at once, while all threads work. */
  readonly number: number;
  /** Resolves when the workers can take jobs. @throws TypeError if they were started before */
  start(context: WorkersContext): Promise<void>;
  /** How many more jobs can start now. Slots of a thread that ends count again once another works in its place. */
  readonly availableSlots: number;
  /** Whether no job was submitted that has not ended. */
  readonly isIdle: boolean;
  /** `undefined` if the workers hold no job that they cannot start at once. */
  readonly ahead?: JobsAhead | undefined;
  /** The jobs that were submitted and have not ended. */
  readonly running: readonly StoredJob[];
  /** Starts a job. Only while `availableSlots`, with the room ahead, is above 0. */
  submit(stored: StoredJob, task: RunnableTask): void;
  /** Aborts the signals of the jobs that run, with a reason made for each. */
  abort(reason: (stored: StoredJob) => Error): void;
  /**
   * Waits for the running jobs, at most for the timeout; then aborts their signals, and soon after
   * gives up those that go on. Always resolves; every job was reported by then. A further call may
   * only shorten the wait. Also while they start, which soon ends then.
   */
  stop(options: { readonly timeout: number }): Promise<void>;
}
