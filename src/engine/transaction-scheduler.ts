import type { Batch } from "../core/batch.ts";
import type { Job } from "../core/job.ts";
import { checkDate, checkDelay, checkMethods } from "../core/option-checks.ts";
import type { CallArgs, Task, TaskReference } from "../core/task.ts";
import type { Scheduler } from "./scheduler.ts";

/**
 * Schedules jobs within a transaction of the application: a job exists if and only if that transaction
 * commits. All calls are synchronous. Workers start a job after the commit.
 */
export class TransactionScheduler {
  readonly #scheduler: Scheduler;
  readonly #transaction: object;

  /** @internal Made by `engine.inTransaction`. */
  constructor(scheduler: Scheduler, transaction: object) {
    this.#scheduler = scheduler;
    this.#transaction = transaction;
  }

  /**
   * Schedules a job to run as soon as possible after the commit.
   *
   * @throws UnknownTaskError, InvalidJobSignatureError, InvalidJobArgumentsError; BrokerError if the store
   *   refuses; TypeError or RangeError if there is no open transaction on the broker's store. Nothing is
   *   written then.
   */
  schedule(task: string, ...args: unknown[]): Job;
  schedule<Args extends unknown[], Result>(task: Task<Args, Result>, ...args: CallArgs<Args>): Job;
  schedule(task: TaskReference, ...args: unknown[]): Job {
    return this.#scheduler.scheduleWithin(this.#transaction, { task, at: undefined, args });
  }

  /** Schedules a job to run at a date; one that has passed means at the commit. @throws as `schedule` does */
  scheduleAt(task: string, at: Date, ...args: unknown[]): Job;
  scheduleAt<Args extends unknown[], Result>(
    task: Task<Args, Result>,
    at: Date,
    ...args: CallArgs<Args>
  ): Job;
  scheduleAt(task: TaskReference, at: Date, ...args: unknown[]): Job {
    const request = { task, at: checkDate("scheduleAt: at", at), args };
    return this.#scheduler.scheduleWithin(this.#transaction, request);
  }

  /** Schedules a job to run a time in ms from now on, 0 to a hundred years. @throws as `schedule` does */
  scheduleIn(task: string, ms: number, ...args: unknown[]): Job;
  scheduleIn<Args extends unknown[], Result>(
    task: Task<Args, Result>,
    ms: number,
    ...args: CallArgs<Args>
  ): Job;
  scheduleIn(task: TaskReference, ms: number, ...args: unknown[]): Job {
    const delayMs = checkDelay("scheduleIn: ms", ms);
    return this.#scheduler.scheduleWithin(this.#transaction, {
      task,
      at: undefined,
      delayMs,
      args,
    });
  }

  /** Schedules the jobs of a batch, in their order, all or none. @throws as `schedule` does */
  scheduleBatch(batch: Batch): Job[] {
    checkMethods("scheduleBatch: expected a Batch", batch, ["schedule", "scheduleAt"]);
    return this.#scheduler.scheduleBatchWithin(this.#transaction, batch.requests);
  }
}
