import type { CallArgs, Task, TaskReference } from "./task.ts";

/** One call to schedule: checked, and given an id, when it is scheduled. */
export interface JobRequest {
  readonly task: TaskReference;
  /** `undefined`: now, at the time of scheduling. */
  readonly at: Date | undefined;
  /** Instead of a date: how long after the store has it, in ms, by the store's clock. */
  readonly delayMs?: number | undefined;
  readonly args: readonly unknown[];
}

/**
 * Jobs to schedule together, in the order they were added. Nothing is checked, copied or sent before
 * `engine.scheduleBatch(batch)`: until then, leave the arguments as they are, and refill no array.
 *
 * @example
 * const batch = new Batch();
 * for (const id of ids) batch.schedule(sendInvoice, id);
 * await spin.scheduleBatch(batch);
 */
export class Batch {
  readonly #requests: JobRequest[] = [];

  /** Adds a job to run as soon as possible. */
  schedule(task: string, ...args: unknown[]): this;
  schedule<Args extends unknown[], Result>(task: Task<Args, Result>, ...args: CallArgs<Args>): this;
  schedule(task: TaskReference, ...args: unknown[]): this {
    this.#requests.push({ task, at: undefined, args });
    return this;
  }

  /** Adds a job to run at a date. */
  scheduleAt(task: string, at: Date, ...args: unknown[]): this;
  scheduleAt<Args extends unknown[], Result>(
    task: Task<Args, Result>,
    at: Date,
    ...args: CallArgs<Args>
  ): this;
  scheduleAt(task: TaskReference, at: Date, ...args: unknown[]): this {
    this.#requests.push({ task, at, args });
    return this;
  }

  /** Adds a job to run a time in ms after the store has it, as with `engine.scheduleIn`. */
  scheduleIn(task: string, ms: number, ...args: unknown[]): this;
  scheduleIn<Args extends unknown[], Result>(
    task: Task<Args, Result>,
    ms: number,
    ...args: CallArgs<Args>
  ): this;
  scheduleIn(task: TaskReference, ms: number, ...args: unknown[]): this {
    this.#requests.push({ task, at: undefined, delayMs: ms, args });
    return this;
  }

  /** How many jobs it holds. */
  get size(): number {
    return this.#requests.length;
  }

  /** @internal */
  get requests(): readonly JobRequest[] {
    return this.#requests;
  }
}
