import type { Broker } from "../brokers/broker.ts";
import type { JobRequest } from "../core/batch.ts";
import type { Job } from "../core/job.ts";
import { ANY_DURATION, checkDuration } from "../core/option-checks.ts";
import type { Runtime } from "../platform/runtime.ts";
import type { StopOptions, Workers, WorkersSink } from "../workers/workers.ts";
import { Arbiter, type ArbiterParts } from "./arbiter.ts";
import type { JobReporter } from "./job-reporter.ts";
import type { RunningWorkers } from "./running-workers.ts";
import type { TaskCatalog } from "./task-catalog.ts";

/** How long a stop waits for running jobs unless told otherwise, in ms: see StopOptions. */
const DEFAULT_STOP_TIMEOUT_MS = 25_000;

/** What a run is made of. */
export interface WorkersRunParts {
  readonly namespace: string;
  readonly broker: Broker;
  readonly workers: Workers;
  readonly queue: string;
  readonly stopWhenQueueEmpty: boolean;
  readonly tasks: TaskCatalog;
  readonly reporter: JobReporter;
  readonly runtime: Runtime;
  /** For tasks that schedule jobs from a thread. */
  readonly schedule: (request: JobRequest) => Promise<Job>;
  /** Makes the broker ready. */
  readonly open: () => Promise<void>;
  /** Ends the arbiter of an earlier run on this queue, and hands over what that could not tell. */
  readonly takeOver: ArbiterParts["takeOver"];
  /** Told of the arbiter of this one once it has stopped: it may still have something to tell. */
  readonly onStopped: (arbiter: Arbiter) => void;
}

/** The life of one `startWorkers`: workers, and the arbiter that feeds them. */
export class WorkersRun implements RunningWorkers {
  readonly finished: Promise<void>;
  readonly #parts: WorkersRunParts;
  readonly #arbiter: Arbiter;
  readonly #ended = Promise.withResolvers<void>();
  #startingWorkers: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(parts: WorkersRunParts) {
    this.#parts = parts;
    this.finished = this.#ended.promise;
    this.#arbiter = new Arbiter({
      ...parts,
      onQueueEmpty: parts.stopWhenQueueEmpty ? () => void this.stop() : undefined,
    });
  }

  /**
   * Resolves when the workers take jobs, or were stopped before. Rejects if the broker or the workers
   * cannot start; then nothing is left running.
   */
  async start(): Promise<void> {
    try {
      await Promise.race([this.#startParts(), this.finished]);
    } catch (error) {
      await this.stop({ timeout: 0 });
      throw error;
    }
  }

  async stop({ timeout = DEFAULT_STOP_TIMEOUT_MS }: StopOptions = {}): Promise<void> {
    checkDuration("stop: timeout", timeout, ANY_DURATION);
    this.#arbiter.stopTaking();
    if (this.#stopping === undefined) this.#stopping = this.#stopParts(timeout);
    else void this.#parts.workers.stop({ timeout });
    await this.#stopping;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  tasksChanged(): void {
    this.#arbiter.tasksChanged();
  }

  async #startParts(): Promise<void> {
    const { open, workers, namespace, queue, runtime, tasks, schedule } = this.#parts;
    await open();
    if (this.#stopping !== undefined) return;
    this.#startingWorkers = workers.start({
      namespace,
      queue,
      runtime,
      tasks: tasks.all,
      sink: this.#sink,
      schedule,
    });
    await this.#startingWorkers;
    if (this.#stopping === undefined) this.#arbiter.start();
  }

  async #stopParts(timeout: number): Promise<void> {
    // Not for the broker, which may never answer: what it would bring is not started any more.
    await Promise.all([
      this.#parts.workers.stop({ timeout }),
      Promise.allSettled([this.#startingWorkers]),
    ]);
    await this.#arbiter.stop();
    if (this.#arbiter.hasStarted) this.#parts.onStopped(this.#arbiter);
    this.#ended.resolve();
  }

  get #sink(): WorkersSink {
    const { reporter } = this.#parts;
    return {
      jobStarted: ({ job }) => {
        reporter.started(job);
      },
      jobFinished: (finished) => {
        this.#arbiter.finished(finished);
      },
      slotsFreed: () => {
        this.#arbiter.slotsFreed();
      },
      workerStarted: (workerName) => {
        reporter.workerStarted(workerName);
      },
      workerTerminated: (workerName) => {
        reporter.workerTerminated(workerName);
      },
    };
  }
}
