import { QueueClosedError } from "../../core/errors.ts";
import { KeepAlive } from "../../platform/keep-alive.ts";
import type { Runtime } from "../../platform/runtime.ts";
import { hasLiveResources } from "../../platform/thread-life.ts";
import { Yielder } from "../../platform/yielder.ts";
import type { Queuey, TakenItem } from "../../queue/queuey.ts";
import { decodeJobItem, type JobItem } from "./job-item.ts";
import type { ProgressWriter } from "./progress.ts";
import type { Idle } from "./protocol.ts";

/** What the loop of a thread stands between. */
export interface ThreadLoopParts {
  readonly jobs: Queuey<string>;
  readonly progress: ProgressWriter;
  readonly runtime: Runtime;
  readonly slots: number;
  readonly idle: Idle;
  /** After how many jobs it ends. */
  readonly maxJobs: number;
  /** Returns a promise of the job's end, or undefined if it has ended. */
  readonly run: (item: JobItem) => Promise<void> | undefined;
  /** Called when there are few jobs left until the last one. */
  readonly onRetiring: () => void;
}

/** A thread that is replaced after n jobs says so this part of n before. */
const RETIRING_PART = 0.1;

/**
 * Takes jobs and runs them, in each slot one after the other.
 *
 * ```
 *   take, without waiting --job--> run --> a turn of the event loop, every 5 ms --+
 *     ^     | none                                                                |
 *     |     +-- idle "loop", or something lives here: await --job--> run ---------+
 *     |     +-- else: block --job--> a turn, if that took 5 ms --> run -----------+
 *     +---------------------------------------------------------------------------+
 * ```
 */
export class ThreadLoop {
  readonly #parts: ThreadLoopParts;
  readonly #yielder: Yielder;
  #taken = 0;

  constructor(parts: ThreadLoopParts) {
    this.#parts = parts;
    this.#yielder = new Yielder(parts.runtime);
  }

  /** Resolves when the queue is closed and empty, or this thread is to take no more. */
  async run(): Promise<void> {
    const slots = Array.from({ length: this.#parts.slots }, () => this.#runSlot());
    try {
      await Promise.all(slots);
    } catch (error) {
      if (!(error instanceof QueueClosedError)) throw error;
      await Promise.allSettled(slots);
    }
  }

  async #runSlot(): Promise<void> {
    const { jobs, progress, run, maxJobs } = this.#parts;
    const keepAlive = new KeepAlive();
    while (this.#taken < maxJobs && !progress.mustStop) {
      const { value, ticket } = jobs.tryTake() ?? (await this.#wait());
      this.#count();
      const item = decodeJobItem(value);
      progress.started(item.id);
      // After the pool can see that it has started: see ThreadPool.
      jobs.taskDone(ticket);
      const running = run(item);
      if (running !== undefined) {
        // It did not end at once: its start is news.
        progress.ring();
        // A job that awaits what keeps nothing alive runs all the same.
        keepAlive.hold();
        await running;
        keepAlive.release();
      }
      if (this.#yielder.isDue) await this.#yielder.yield();
    }
  }

  async #wait(): Promise<TakenItem<string>> {
    const { jobs, idle } = this.#parts;
    if (idle === "loop") return jobs.takeAsync();
    // Blocking would freeze sockets and timers that tasks have left, and output that is on its way.
    if (this.#yielder.isDue || hasLiveResources()) {
      await this.#yielder.yield();
      if (hasLiveResources()) return jobs.takeAsync();
    }
    const item = jobs.takeSync();
    // What came meanwhile is served before the task runs: it must not use a connection whose end is waiting there.
    if (this.#yielder.isDue) await this.#wholeTurn();
    return item;
  }

  /** Of the event loop. From where it reads sockets, or right before its timers, one yield ends before it does so again. */
  async #wholeTurn(): Promise<void> {
    await this.#yielder.yield();
    await this.#yielder.yield();
  }

  #count(): void {
    const { maxJobs, onRetiring } = this.#parts;
    this.#taken += 1;
    if (this.#taken === Math.max(1, Math.floor(maxJobs * (1 - RETIRING_PART)))) onRetiring();
  }
}
