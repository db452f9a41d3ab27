import { JobStatus } from "../core/job-status.ts";
import type { Job, StoredJob } from "../core/job.ts";
import type { Outcome } from "../core/outcome.ts";
import { printable } from "../core/printable.ts";
import { isLogged, type Logger } from "../platform/logger.ts";
import type { Signals } from "../signals/signals.ts";
import type { FinishedJob } from "../workers/workers.ts";

/** Turns what happens to jobs and workers into events and log lines; builds neither unobserved. */
export class JobReporter {
  readonly #namespace: string;
  readonly #signals: Signals;
  readonly #logger: Logger;

  constructor(namespace: string, signals: Signals, logger: Logger) {
    this.#namespace = namespace;
    this.#signals = signals;
    this.#logger = logger;
  }

  started(job: Job): void {
    if (isLogged(this.#logger, "info")) {
      this.#logger.info(jobFields(job), `starting ${printable(job.taskName)}`);
    }
    if (this.#signals.isObserved("jobStarted")) {
      this.#signals.emit("jobStarted", { namespace: this.#namespace, job });
    }
  }

  /** @param outcome - `undefined` if the job was taken from this process while it ran */
  finished({ stored, result, durationMs }: FinishedJob, outcome: Outcome | undefined): void {
    switch (outcome?.kind) {
      case "succeeded":
        this.#logInfo(stored.job, durationMs, "finished");
        break;
      case "failed":
        this.#failed(outcome.stored.job, outcome.error, durationMs);
        break;
      case "retried":
        this.#retried(outcome.stored.job, outcome.error, durationMs);
        break;
      case "released":
        this.#logger.warn(
          { ...jobFields(stored.job), durationMs },
          `${printable(stored.job.taskName)} was stopped before it had finished, and put back`,
        );
        break;
      case undefined:
        this.#logger.warn(
          jobFields(stored.job),
          `lost ${printable(stored.job.taskName)} to another process`,
        );
        break;
    }
    if (!this.#signals.isObserved("jobFinished")) return;
    const job = outcome === undefined ? stored.job : jobAfter(outcome);
    const failure = result.ok ? {} : { err: result.error };
    this.#signals.emit("jobFinished", { namespace: this.#namespace, job, durationMs, ...failure });
  }

  /** Workers on a queue have stopped, and what became of some of their jobs could not be told. */
  untold(queue: string, jobs: readonly StoredJob[]): void {
    if (jobs.length === 0) return;
    this.#logger.error(
      { queue, jobs: jobs.map(({ job }) => printable(job.id)) },
      `stopped before the broker could be told of ${jobs.length} finished job(s): unless it is told yet, those that ` +
        "may run again will, and the others count as failed",
    );
  }

  workerStarted(workerName: string): void {
    this.#signals.emit("workerStarted", { namespace: this.#namespace, workerName });
  }

  workerTerminated(workerName: string): void {
    this.#signals.emit("workerTerminated", { namespace: this.#namespace, workerName });
  }

  #failed(failed: Job, err: unknown, durationMs: number): void {
    const job = { ...failed, status: JobStatus.FAILED };
    this.#logger.error(
      { ...jobFields(job), err, durationMs },
      `${printable(job.taskName)} failed after ${job.retries + 1} of ${job.maxRetries + 1} attempts`,
    );
    if (!this.#signals.isObserved("jobFailed")) return;
    this.#signals.emit("jobFailed", { namespace: this.#namespace, job, err, durationMs });
  }

  #retried(job: Job, err: unknown, durationMs: number): void {
    this.#logger.warn(
      { ...jobFields(job), err, durationMs },
      `${printable(job.taskName)} failed in attempt ${job.retries} of ${job.maxRetries + 1}, ` +
        `next at ${job.at.toISOString()}`,
    );
    if (!this.#signals.isObserved("jobRetryScheduled")) return;
    this.#signals.emit("jobRetryScheduled", { namespace: this.#namespace, job, err, durationMs });
  }

  #logInfo(job: Job, durationMs: number, what: string): void {
    if (!isLogged(this.#logger, "info")) return;
    this.#logger.info({ ...jobFields(job), durationMs }, `${what} ${printable(job.taskName)}`);
  }
}

function jobFields({ id, taskName, queue }: Job): object {
  return { job: printable(id), task: printable(taskName), queue: printable(queue) };
}

function jobAfter({ kind, stored: { job } }: Outcome): Job {
  switch (kind) {
    case "succeeded":
      return { ...job, status: JobStatus.SUCCEEDED };
    case "failed":
      return { ...job, status: JobStatus.FAILED };
    case "released":
      return { ...job, status: JobStatus.QUEUED };
    case "retried":
      return job;
  }
}
