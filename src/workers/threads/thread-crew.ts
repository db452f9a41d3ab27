import { type Backoff, backoffMs } from "../../core/backoff.ts";
import { printable } from "../../core/printable.ts";
import { ThreadStartError } from "../../core/thread-errors.ts";
import { atMost } from "../../platform/at-most.ts";
import type { Runtime, Timer } from "../../platform/runtime.ts";
import type { PoolThread, PoolThreadParts } from "./pool-thread.ts";

/** Between attempts to replace threads while they are of no use. */
const START_BACKOFF: Backoff = { baseMs: 100, capMs: 30_000 };

/** How long a thread that may end by itself has for it, in ms: enough for the exit handlers of tasks. */
const END_MS = 1000;

/** How long a terminated thread may stay in native code before another takes its place, in ms. */
const STUCK_MS = 1500;

/** What an operator can do about tasks that cannot be ended. */
const STUCK_REMEDY =
  "give what the task calls a time limit of its own, or let it run in a child process";

/** What a crew is made of. */
export interface ThreadCrewParts {
  /** Threads at work. */
  readonly size: number;
  readonly runtime: Runtime;
  /** How long a thread may take to import its modules, in ms. */
  readonly readyTimeoutMs: number;
  readonly spawn: (events: Pick<PoolThreadParts, "onReady" | "onEnded">) => PoolThread;
  /**
   * Called when a thread has ended, or was terminated and does not end. Returns whether it was of use, or ended for
   * the sake of a job.
   */
  readonly onLost: (thread: PoolThread) => boolean;
  /** Called when a thread has begun to work. */
  readonly onWorking: () => void;
}

/**
 * Keeps a number of threads at work, until it is closed. One that ends is replaced at once; but when one was of
 * no use, after a pause that grows with each such thread. One that was terminated and does not end, since it is in
 * native code, is replaced beside it; but no more of these than the crew has threads.
 */
export class ThreadCrew {
  readonly #parts: ThreadCrewParts;
  readonly #threads = new Set<PoolThread>();
  /** Those of them that work, and will end soon. */
  readonly #retiring = new Set<PoolThread>();
  /** Those of them that were terminated and do not end. */
  readonly #stuck = new Set<PoolThread>();
  /** While they start: how long they may take. */
  readonly #deadlines = new Map<PoolThread, Timer>();
  readonly #started = Promise.withResolvers<void>();
  #hasStarted = false;
  #slots = 0;
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
      await this.#close(true);
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

  /** How many jobs the threads that work can run at once. */
  get slots(): number {
    return this.#slots;
  }

  /** Ends a thread, whatever it does. Resolves when it has ended, or is known not to. */
  async kill(thread: PoolThread): Promise<void> {
    const ending = thread.kill();
    this.#count();
    await atMost(this.#parts.runtime.timers, STUCK_MS, ending);
    if (thread.state !== "ended" && !this.#stuck.has(thread)) this.#isStuck(thread);
  }

  /** Ends all threads, and resolves when they are gone or cannot be got rid of. */
  async close(): Promise<void> {
    await this.#close(false);
  }

  async #close(mustKill: boolean): Promise<void> {
    this.#closing ??= this.#endAll(mustKill);
    await this.#closing;
  }

  async #endAll(mustKill: boolean): Promise<void> {
    this.#pause?.cancel();
    const threads = [...this.#threads].filter((thread) => !this.#stuck.has(thread));
    await Promise.all(threads.map(async (thread) => this.#end(thread, mustKill)));
    this.#started.resolve();
  }

  async #end(thread: PoolThread, mustKill: boolean): Promise<void> {
    const { timers } = this.#parts.runtime;
    // A job that was given up may never let it end.
    const endsItself = thread.state === "working" && thread.givenUp.length === 0 && !mustKill;
    if (endsItself) await atMost(timers, END_MS, thread.ended);
    if (thread.state !== "ended") await this.kill(thread);
  }

  #isStuck(thread: PoolThread): void {
    const { logger } = this.#parts.runtime;
    this.#stuck.add(thread);
    thread.leave();
    const tasks = new Set(thread.givenUp.map(({ taskName }) => printable(taskName)));
    const whose = tasks.size > 0 ? ` of ${[...tasks].join(", ")}` : "";
    logger.error(
      { threadId: thread.threadId, jobs: thread.givenUp.map(({ id }) => printable(id)) },
      `a worker thread${whose} was terminated and does not end, it is in native code: ${this.#place}; ${STUCK_REMEDY}`,
    );
    this.#lost(thread);
  }

  /** What becomes of the place of a thread that is stuck. */
  get #place(): string {
    if (this.#closing !== undefined) return "the process cannot end before it does";
    if (this.#stuck.size <= this.#parts.size) return "another takes its place";
    return `its place stays empty until one of ${this.#stuck.size} such threads has ended`;
  }

  /** Starts as many threads as are lacking, unless a pause is on. */
  #fill(): void {
    if (this.#closing !== undefined || this.#pause !== undefined) return;
    const { size } = this.#parts;
    const most = size + this.#retiring.size + Math.min(this.#stuck.size, size);
    while (this.#threads.size < most) this.#spawn();
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
      void this.kill(thread);
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
      this.#count();
      this.#parts.onWorking();
    }
    if (lacking > 0) return;
    this.#hasStarted = true;
    this.#started.resolve();
  }

  #count(): void {
    this.#slots = 0;
    for (const { state, slots } of this.#threads) if (state === "working") this.#slots += slots;
  }

  #hasEnded(thread: PoolThread): void {
    this.#threads.delete(thread);
    // What it had is others' already.
    if (this.#stuck.delete(thread)) this.#fill();
    else this.#lost(thread);
  }

  #lost(thread: PoolThread): void {
    this.#deadlines.get(thread)?.cancel();
    this.#deadlines.delete(thread);
    this.#retiring.delete(thread);
    this.#count();
    const wasOfUse = this.#parts.onLost(thread);
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
