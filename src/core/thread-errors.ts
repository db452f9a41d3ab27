/** The errors of jobs that run on threads. */
import { SpinachError } from "./errors.ts";
import { describeThrown } from "./thrown.ts";

/**
 * The thread that ran a job ended before the job did: it called `process.exit()`, threw where nobody caught it,
 * ran out of memory, or was terminated. `cause` is what the thread died of, if that is known.
 */
export class ThreadDiedError extends SpinachError {
  static {
    this.prototype.name = "ThreadDiedError";
  }
  readonly code = "THREAD_DIED";
  readonly exitCode: number;

  constructor(taskName: string, exitCode: number, options?: ErrorOptions) {
    const cause = options?.cause instanceof Error ? `: ${describeThrown(options.cause)}` : "";
    super(
      `the thread that ran task "${taskName}" died with exit code ${exitCode}${cause}`,
      options,
    );
    this.exitCode = exitCode;
  }
}

/** A thread could not start; `cause` is why. */
export class ThreadStartError extends SpinachError {
  static {
    this.prototype.name = "ThreadStartError";
  }
  readonly code = "THREAD_START";

  /** @param problem - what the cause alone, if there is one, does not tell */
  constructor(problem?: string, options?: ErrorOptions) {
    const reasons = [problem, options?.cause].filter((reason) => reason !== undefined);
    super(`a worker thread could not start: ${reasons.map(describeThrown).join(": ")}`, options);
  }
}

/** A job names a task that this process has, but its worker threads do not. */
export class TaskNotInThreadsError extends SpinachError {
  static {
    this.prototype.name = "TaskNotInThreadsError";
  }
  readonly code = "TASK_NOT_IN_THREADS";
  readonly taskName: string;

  constructor(taskName: string, hasModule: boolean) {
    super(`task "${taskName}" cannot run on threads: ${hasModule ? ATTACH_BEFORE : MODULE_REMEDY}`);
    this.taskName = taskName;
  }
}

/** What to do with a task whose function lives in this thread only. */
export const MODULE_REMEDY: string =
  "a thread cannot receive a function. Register it in new Tasks({ module: import.meta.url }), in a module of " +
  "its own that exports the registry, and attach that with engine.attachTasks()";

const ATTACH_BEFORE =
  "it was registered after they had started. Attach its registry before startWorkers()";
