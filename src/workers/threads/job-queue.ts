import type { QueueyHandle } from "../../queue/queuey-handle.ts";
import { Queuey } from "../../queue/queuey.ts";
import type { HeldJob } from "./held-jobs.ts";
import { decodeJobItem, encodeJobItem } from "./job-item.ts";

/** How often a take-back tries to get into a queue that others are in: each for at most 20 us. */
const TAKE_BACK_TRIES = 100;

/** What a queue of jobs needs to know of its pool. */
export interface JobQueueParts {
  /** Most jobs that are put and not taken. */
  readonly maxSize: number;
  /** The job of an id, if it has neither started nor ended. */
  readonly find: (id: number) => HeldJob | undefined;
  /** Called with a job that cannot be put. */
  readonly onRefused: (job: HeldJob, error: unknown) => void;
}

/** The pool's end of the queue that its threads take jobs from. */
export class JobQueue {
  readonly #parts: JobQueueParts;
  readonly #queue: Queuey<string>;
  /** Not yet in the queue, oldest first. */
  readonly #unput: HeldJob[] = [];
  /** Whether they are on their way into the queue: by one loop at a time, or a job would be put twice. */
  #isPutting = false;
  /** Whether the first of them waits for the queue. */
  #isWaiting = false;

  constructor(parts: JobQueueParts) {
    this.#parts = parts;
    this.#queue = new Queuey({ maxSize: parts.maxSize });
  }

  get handle(): QueueyHandle {
    return this.#queue.handle;
  }

  /** Jobs that are put in one turn go into the queue together: one wake-up for all. */
  put(job: HeldJob): void {
    this.#unput.push(job);
    if (this.#isPutting) return;
    this.#isPutting = true;
    queueMicrotask(() => void this.#putAll());
  }

  /** Takes out the jobs that no thread has taken, oldest first. Each job is had by one side. */
  takeBack(): readonly HeldJob[] {
    const back: HeldJob[] = [];
    // The first of them may be waiting for room: then it gets in, and runs.
    const unput = this.#unput.splice(this.#isWaiting ? 1 : 0);
    // A thread may be just inside the queue, for a few us; one that died there must not hold this up.
    for (let tries = 0; tries < TAKE_BACK_TRIES && !this.#queue.empty;) {
      const item = this.#queue.tryTake();
      if (item === undefined) {
        tries += 1;
        continue;
      }
      this.#queue.taskDone(item.ticket);
      const job = this.#parts.find(decodeJobItem(item.value).id);
      if (job !== undefined) back.push(job);
    }
    return [...back, ...unput];
  }

  /** To be called when a thread has ended: what it had taken and not started goes to another one. */
  async recover(threadId: number): Promise<void> {
    for (const { value } of await this.#queue.abandon(threadId)) {
      const job = this.#parts.find(decodeJobItem(value).id);
      if (job !== undefined) this.put(job);
    }
  }

  /** The threads end when they have taken what is in it. */
  close(): void {
    this.#queue.close();
  }

  async #putAll(): Promise<void> {
    while (this.#unput.length > 0) {
      const items = this.#unput.map(({ id, timeoutMs, stored }) =>
        encodeJobItem({ id, timeoutMs, wire: stored.wire }),
      );
      const [first] = this.#unput;
      this.#unput.splice(0, this.#queue.tryPutAll(items));
      // None of them: the queue is busy, full or closed, or the first one is too large.
      if (first !== undefined && first === this.#unput[0]) await this.#putFirst(first, items[0]);
    }
    this.#isPutting = false;
  }

  async #putFirst(first: HeldJob, item: string | undefined): Promise<void> {
    this.#isWaiting = true;
    try {
      if (item !== undefined) await this.#queue.putAsync(item);
    } catch (error) {
      this.#parts.onRefused(first, error);
    }
    this.#isWaiting = false;
    this.#unput.shift();
  }
}
