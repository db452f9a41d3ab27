import { type Backoff, backoffMs } from "../../core/backoff.ts";
import { ThreadStartError } from "../../core/thread-errors.ts";
import { atMost } from "../../platform/at-most.ts";
import type { Runtime, Timer } from "../../platform/runtime.ts";
import type { PoolThread, PoolThreadParts } from "./pool-thread.ts";

/** Between attempts to replace threads while they are of no use. */
const START_BACKOFF: Backoff = { baseMs: 100, capMs: 30_000 };

/** How long a thread that may end by itself has for it, in ms: enough for the exit handlers of tasks. */
const END_MS = 1000;

/** How long a terminated thread may stay in native code before it is left alone, in ms. */
const KILL_MS = 2000;

/** What a crew is made of. */
export interface ThreadCrewParts {
  /** Threads at work. */
  readonly size: number;
  readonly runtime: Runtime;
  /** How long a thread may take to import its modules, in ms. */
  readonly readyTimeoutMs: number;
  readonly spawn: (events: Pick<PoolThreadParts, "onReady" | "onEnded">) => PoolThread;
  /** Called when a thread has ended. Returns whether it was of use, or ended for the sake of a job. */
  readonly onEnded: (thread: PoolThread) => boolean;
}

/**
 * Keeps a number of threads at work, until it is closed. One that ends is replaced at once; but when one was of
 * no use, after a pause that grows with each such thread.
 */
export class ThreadCrew {
  readonly #parts: ThreadCrewParts;
  readonly #threads = new Set<PoolThread>();
  /** Those of them that work, and will end soon. */
  readonly #retiring = new Set<PoolThread>();
  /** While they start: how long they may take. */
  readonly #deadlines = new Map<PoolThread, Timer>();
  readonly #started = Promise.withResolvers<void>();
  #hasStarted = false;
  /** How many threads in a row were of no use. */
  #failures = 0;
  #pause: Timer | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: ThreadCrewParts) {
    this.#parts = parts;
  }

  /** All that live. */
  get threads(): Iterable<PoolThread> {
    return this.#threads;
  }

  /**
   * Resolves when all threads work, or the crew was closed. Rejects with ThreadStartError if one cannot start;
   * then none lives.
   */
  async start(): Promise<void> {
    this.#fill();
    try {
      await this.#started.promise;
    } catch (error) {
      await this.close(() => true);
      throw error;
    }
  }

  /** A thread will end soon: another gets ready to take its place. */
  retires(thread: PoolThread): void {
    this.#retiring.add(thread);
    this.#fill();
  }

  /** A job has ended on a thread. */
  isOfUse(): void {
    this.#failures = 0;
  }

  /**
   * Ends all threads, and resolves when they are gone or cannot be got rid of.
   * @param mustKill - whether a thread would not end by itself
   */
  async close(mustKill: (thread: PoolThread) => boolean): Promise<void> {
    this.#closing ??= this.#close(mustKill);
    await this.#closing;
  }

  async #close(mustKill: (thread: PoolThread) => boolean): Promise<void> {
    this.#pause?.cancel();
    const endings = [...this.#threads].map((thread) => this.#end(thread, mustKill(thread)));
    await Promise.all(endings);
    this.#started.resolve();
  }

  async #end(thread: PoolThread, mustKill: boolean): Promise<void> {
    const { timers, logger } = this.#parts.runtime;
    if (thread.state === "working" && !mustKill) await atMost(timers, END_MS, thread.ended);
    if (!this.#threads.has(thread)) return;
    await atMost(timers, KILL_MS, thread.kill());
    if (!this.#threads.has(thread)) return;
    logger.error(
      { threadId: thread.threadId },
      "a worker thread does not end: it is in native code",
    );
  }

  /** Starts as many threads as are lacking, unless a pause is on. */
  #fill(): void {
    if (this.#closing !== undefined || this.#pause !== undefined) return;
    while (this.#threads.size < this.#parts.size + this.#retiring.size) this.#spawn();
  }

  #spawn(): void {
    const { runtime, readyTimeoutMs, spawn } = this.#parts;
    const thread = spawn({
      onReady: () => {
        this.#isReady(thread);
      },
      onEnded: () => {
        this.#hasEnded(thread);
      },
    });
    this.#threads.add(thread);
    const deadline = runtime.timers.set(() => {
      thread.cause ??= new RangeError(
        `it has not loaded its modules within ${readyTimeoutMs} ms (option readyTimeout)`,
      );
      void thread.kill();
    }, readyTimeoutMs);
    this.#deadlines.set(thread, deadline);
  }

  #isReady(thread: PoolThread): void {
    this.#deadlines.get(thread)?.cancel();
    this.#promote();
  }

  /** Lets as many threads work as should. */
  #promote(): void {
    if (this.#closing !== undefined) return;
    const threads = [...this.#threads];
    let lacking = this.#parts.size - threads.filter(({ state }) => state === "working").length;
    for (const thread of threads) {
      if (lacking === 0) break;
      if (thread.state !== "ready") continue;
      thread.go();
      lacking -= 1;
    }
    if (lacking > 0) return;
    this.#hasStarted = true;
    this.#started.resolve();
  }

  #hasEnded(thread: PoolThread): void {
    this.#deadlines.get(thread)?.cancel();
    this.#deadlines.delete(thread);
    this.#threads.delete(thread);
    this.#retiring.delete(thread);
    const wasOfUse = this.#parts.onEnded(thread);
    if (this.#closing !== undefined) return;
    if (!this.#hasStarted) {
      this.#started.reject(startError(thread));
      return;
    }
    if (!wasOfUse) this.#backOff(thread);
    this.#fill();
    this.#promote();
  }

  #backOff(thread: PoolThread): void {
    const { runtime } = this.#parts;
    this.#failures += 1;
    const delayMs = backoffMs(START_BACKOFF, this.#failures, runtime.random());
    runtime.logger.error(
      { err: startError(thread), attempts: this.#failures, delayMs },
      `a worker thread ended before it was of use, the next try is in ${delayMs} ms`,
    );
    this.#pause?.cancel();
    this.#pause = runtime.timers.set(() => {
      this.#pause = undefined;
      this.#fill();
    }, delayMs);
  }
}

function startError({ exitCode, cause, loading }: PoolThread): ThreadStartError {
  const options = cause === undefined ? undefined : { cause };
  const exit = cause === undefined ? `it ended with exit code ${exitCode}` : undefined;
  if (loading === undefined) return new ThreadStartError(exit, options);
  const ended =
    exit === undefined ? "" : `: ${exit} while it was loaded, did the module call process.exit()?`;
  return new ThreadStartError(`module ${loading} could not be loaded${ended}`, options);
}
