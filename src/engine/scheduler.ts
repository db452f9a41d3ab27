import type { Broker } from "../brokers/broker.ts";
import type { JobRequest } from "../core/batch.ts";
import { MAX_ATOMIC_JOBS } from "../core/constants.ts";
import { BatchInterruptedError, SpinachError } from "../core/errors.ts";
import type { Job, StoredJob } from "../core/job.ts";
import { LAST_IN_MS, newJob } from "../core/new-job.ts";
import { checkTaskReference } from "../core/task.ts";
import type { LoopTurn } from "../platform/loop-turn.ts";
import type { Runtime } from "../platform/runtime.ts";
import type { TaskCatalog } from "./task-catalog.ts";

/** The parts that a scheduler stands between. */
export interface SchedulerParts {
  readonly broker: Broker;
  readonly tasks: TaskCatalog;
  readonly runtime: Runtime;
  /** Makes the broker ready; `undefined` if it is, since each step of waiting costs a lone job time. */
  readonly open: () => Promise<void> | undefined;
  readonly refuseIfClosed: () => void;
  readonly turn: LoopTurn;
}

/** Turns calls into jobs and hands them to the broker. */
export class Scheduler {
  readonly #parts: SchedulerParts;
  /** When the last job was made, epoch ms, and how many were before it in that ms. */
  #lastMs = 0;
  #order = 0;

  constructor(parts: SchedulerParts) {
    this.#parts = parts;
  }

  async schedule(request: JobRequest): Promise<Job> {
    const { open, refuseIfClosed, turn } = this.#parts;
    try {
      refuseIfClosed();
      const stored = this.make(request);
      const opening = open();
      if (opening !== undefined) await opening;
      await this.#parts.broker.enqueue([stored]);
      return stored.job;
    } catch (error) {
      return turn.refuse(error);
    }
  }

  /** Nothing is enqueued unless every request is valid. */
  async scheduleBatch(requests: readonly JobRequest[]): Promise<Job[]> {
    const { turn } = this.#parts;
    try {
      const jobs = this.#scheduleBatch(requests);
      // A broker that is called sees to it that the event loop turns.
      return await (requests.length === 0 ? turn.settled(jobs) : jobs);
    } catch (error) {
      return turn.refuse(error);
    }
  }

  async #scheduleBatch(requests: readonly JobRequest[]): Promise<Job[]> {
    this.#parts.refuseIfClosed();
    const jobs = requests.map((request, index) => this.#makeInBatch(request, index));
    await this.#parts.open();
    for (let done = 0; done < jobs.length; done += MAX_ATOMIC_JOBS) {
      await this.#enqueueChunk(jobs, done);
    }
    return jobs.map(({ job }) => job);
  }

  /** As `schedule`, within a transaction of the application on the broker's store. @throws */
  scheduleWithin(transaction: object, request: JobRequest): Job {
    const stored = this.make(request);
    this.#enqueueIn(transaction, [stored]);
    return stored.job;
  }

  /** As `scheduleBatch`, within a transaction of the application on the broker's store. @throws */
  scheduleBatchWithin(transaction: object, requests: readonly JobRequest[]): Job[] {
    const jobs = requests.map((request, index) => this.#makeInBatch(request, index));
    this.#enqueueIn(transaction, jobs);
    return jobs.map(({ job }) => job);
  }

  #enqueueIn(transaction: object, jobs: readonly StoredJob[]): void {
    const { broker } = this.#parts;
    if (broker.enqueueIn === undefined) {
      throw new TypeError(
        "inTransaction: this broker keeps its jobs apart from the application's data: use a SqliteBroker " +
          "on the application's own file",
      );
    }
    broker.enqueueIn(transaction, jobs);
  }

  /** The job that a request asks for, not yet enqueued. @throws as `engine.schedule` rejects */
  make(request: JobRequest): StoredJob {
    const { tasks, runtime } = this.#parts;
    const { task } = request;
    checkTaskReference(task);
    const nowMs = runtime.clock.now();
    return newJob(tasks.get(task), request, {
      id: runtime.newId(),
      nowMs,
      order: this.#next(nowMs),
    });
  }

  #next(nowMs: number): number {
    this.#order = nowMs === this.#lastMs ? Math.min(this.#order + 1, LAST_IN_MS) : 0;
    this.#lastMs = nowMs;
    return this.#order;
  }

  #makeInBatch(request: JobRequest, index: number): StoredJob {
    try {
      return this.make(request);
    } catch (error) {
      if (error instanceof Error) error.message = `job ${index} of the batch: ${error.message}`;
      throw error;
    }
  }

  async #enqueueChunk(jobs: readonly StoredJob[], done: number): Promise<void> {
    try {
      await this.#parts.broker.enqueue(jobs.slice(done, done + MAX_ATOMIC_JOBS));
    } catch (error) {
      if (done === 0 && error instanceof SpinachError) throw error;
      throw new BatchInterruptedError(done, jobs.length, { cause: error });
    }
  }
}
