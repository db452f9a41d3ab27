import type { Broker, Taken } from "../brokers/broker.ts";
import { UnknownTaskError } from "../core/errors.ts";
import type { StoredJob } from "../core/job.ts";
import type { Runtime } from "../platform/runtime.ts";
import type { Yielder } from "../platform/yielder.ts";
import { Deque } from "../queue/deque.ts";
import type { FinishedJob, Workers } from "../workers/workers.ts";
import type { TaskCatalog } from "./task-catalog.ts";

/** A job that ends within this time is shorter than the trip that brings the next one, in ms. */
const SHORT_MS = 1;

/** Its time includes that of starting the others that came with it: at most so long for each slot, in ms. */
const START_MS = 0.01;

/** So many short jobs one after the other, or as many as there are slots, say that the next are short too. */
const MIN_SHORT_JOBS = 16;

/**
 * From so many slots on, running what a trip brought takes about as long as the next trip: the two then go on
 * at the same time. With fewer, a trip is mostly travel, and one that brings twice as much is better.
 */
const MIN_SLOTS_TO_OVERLAP = 32;

/** If for this time none was started, what waits is given back: others may be free. In ms. */
const PATIENCE_MS = 10;

/** What a local queue stands between. */
export interface LocalQueueParts {
  readonly broker: Pick<Broker, "isVolatile">;
  readonly runtime: Runtime;
  readonly workers: Workers;
  readonly tasks: TaskCatalog;
  readonly yielder: Yielder;
  /** Called with a job that no task can run. */
  readonly onUnknown: (finished: FinishedJob) => void;
}

/**
 * The second level of queues: jobs on their way from the broker to a slot. While jobs are shorter than a trip,
 * slots would stand empty during each; so up to one job a slot is taken ahead, or, of a broker whose jobs end with
 * this process, as many as the workers themselves hold. As soon as one job is longer, none is, and those that wait must be given back.
 *
 * ```
 *   few slots    | trip: 2 a slot |        run 2 a slot       | trip: 2 a slot | ...
 *
 *   many slots   | trip | trip         | trip         | ...    one a slot each
 *                       | read and run | read and run | ...    what the trip before brought
 * ```
 */
export class LocalQueue {
  readonly #parts: LocalQueueParts;
  readonly #waiting: Deque<StoredJob>;
  /** What trips brought since somebody looked; these jobs come after those that wait. */
  #unread: readonly Taken[] = [];
  readonly #shortMs: number;
  /** How many were short, one after the other. */
  #shortJobs = 0;
  #isStarting = false;
  /** Whether a start follows the jobs that end now. */
  #willStart = false;
  #isClosed = false;
  /** When one was last started, or the first one came, on the monotonic clock. */
  #movedAtMs = 0;

  constructor(parts: LocalQueueParts) {
    this.#parts = parts;
    this.#shortMs = SHORT_MS + START_MS * parts.workers.number;
    // As many as a trip brings: the ring need not grow and shrink with each.
    this.#waiting = new Deque(2 ** Math.ceil(Math.log2(2 * parts.workers.number)));
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  get #count(): number {
    let count = this.#waiting.length;
    for (const taken of this.#unread) count += taken.count;
    return count;
  }

  /** How many jobs the next trip may bring: for each free slot one, and some ahead. */
  get room(): number {
    const { ahead, number } = this.#parts.workers;
    const free = this.#free - this.#count;
    if (this.#isClosed) return 0;
    if (this.overlaps) return Math.max(0, Math.min(number, free + number));
    if (free <= 0) return 0;
    return this.#areShort && ahead === undefined ? free + number : free;
  }

  /** Whether the next trip should be under way while the jobs of the last one run: see `startLater`. */
  get overlaps(): boolean {
    const { ahead, number } = this.#parts.workers;
    return this.#areShort && ahead === undefined && number >= MIN_SLOTS_TO_OVERLAP;
  }

  /** How many jobs the workers take now. */
  get #free(): number {
    const { availableSlots, ahead } = this.#parts.workers;
    if (!this.#areShort || ahead === undefined) return availableSlots;
    return availableSlots + Math.max(0, Math.min(ahead.room, this.#mostAhead - ahead.count));
  }

  /** How many may wait in the workers: a death of this process fails those of them that may not run again. */
  get #mostAhead(): number {
    const { broker, workers } = this.#parts;
    return broker.isVolatile === true ? Infinity : workers.number;
  }

  get #areShort(): boolean {
    return this.#shortJobs >= Math.max(this.#parts.workers.number, MIN_SHORT_JOBS);
  }

  /** The jobs that wait here, oldest first. */
  get jobs(): readonly StoredJob[] {
    this.#read();
    return this.#waiting.items;
  }

  /** When those that wait must be given back, on the monotonic clock; infinite if none waits. */
  get overdueAtMs(): number {
    return this.isEmpty && !this.#areAhead ? Infinity : this.#movedAtMs + PATIENCE_MS;
  }

  /** Whether jobs wait in the workers. */
  get #areAhead(): boolean {
    const { ahead } = this.#parts.workers;
    return ahead !== undefined && ahead.count > 0;
  }

  get isOverdue(): boolean {
    return this.overdueAtMs <= this.#parts.runtime.clock.monotonic();
  }

  /** What a trip took. Its jobs are read when the first of them is to start: the next trip may go before. */
  bring(taken: Taken): void {
    if (taken.count === 0) return;
    if (this.isEmpty) this.#moved();
    this.#unread = [...this.#unread, taken];
  }

  #read(): void {
    const unread = this.#unread;
    this.#unread = [];
    for (const { jobs } of unread) for (const stored of jobs) this.#waiting.pushBack(stored);
  }

  /** Starts those that wait, as far as there are slots. Resolves when no more can be started. */
  async start(): Promise<void> {
    if (this.#isStarting) return;
    this.#isStarting = true;
    const { yielder } = this.#parts;
    try {
      for (let isFirst = true; !this.isEmpty && this.#free > 0; isFirst = false) {
        // Tasks run until their first await right here. The first one is not kept waiting.
        if (!isFirst && yielder.isDue) await this.#pause();
        if (this.#free > 0) this.#startNext();
      }
    } finally {
      this.#isStarting = false;
      this.#moved();
    }
  }

  async #pause(): Promise<void> {
    this.#moved();
    await this.#parts.yielder.yield();
  }

  #moved(): void {
    this.#movedAtMs = this.#parts.runtime.clock.monotonic();
  }

  /** Like `start`, once a trip that begins right now has been sent. */
  async startLater(): Promise<void> {
    const { yielder } = this.#parts;
    await yielder.yield();
    // Clients write what a turn has brought at its end: that was the one before.
    await yielder.yield();
    await this.start();
  }

  /** A job has ended, after a time in ms. */
  ended(durationMs: number): void {
    this.#shortJobs = durationMs < this.#shortMs ? this.#shortJobs + 1 : 0;
    if (this.#areAhead) this.#moved();
    this.startSoon();
  }

  /** There are free slots. */
  startSoon(): void {
    if (this.isEmpty || this.#willStart) return;
    this.#willStart = true;
    // Not right here: a job that ends at once would end inside the one before.
    queueMicrotask(this.#startAfterEnd);
  }

  readonly #startAfterEnd = (): void => {
    this.#willStart = false;
    void this.start();
  };

  /**
   * Gives up all that wait here or in the workers, oldest first; none is taken ahead until jobs are short again.
   */
  clear(): readonly StoredJob[] {
    this.#shortJobs = 0;
    const jobs = [...(this.#parts.workers.ahead?.takeBack() ?? []), ...this.jobs];
    while (this.#waiting.popFront() !== undefined);
    return jobs;
  }

  /** Like `clear`, and there is room for none from now on. */
  close(): readonly StoredJob[] {
    this.#isClosed = true;
    return this.clear();
  }

  #startNext(): void {
    const { workers, tasks, onUnknown } = this.#parts;
    if (this.#waiting.length === 0) this.#read();
    const stored = this.#waiting.popFront();
    if (stored === undefined) return;
    const task = tasks.runnable(stored.job.taskName);
    if (task !== undefined) {
      workers.submit(stored, task);
      return;
    }
    const error = new UnknownTaskError(stored.job.taskName, tasks.runnableNames);
    onUnknown({ stored, result: { ok: false, error }, durationMs: 0 });
  }
}
