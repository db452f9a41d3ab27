import { MAX_TIMER_MS } from "../../core/constants.ts";
import { JobTimeoutError, WorkersStoppedError } from "../../core/errors.ts";
import type { StoredJob } from "../../core/job.ts";
import type { Result } from "../../core/outcome.ts";
import type { RunnableTask } from "../../core/task.ts";
import { ThreadDiedError } from "../../core/thread-errors.ts";
import type { Runtime, Timer } from "../../platform/runtime.ts";
import type { WorkersSink } from "../workers.ts";
import { encodeThrown } from "./crossing-error.ts";
import type { PoolThread } from "./pool-thread.ts";

/** Beyond the grace of a thread that gives up jobs itself: how long it has to say so, in ms. */
const SAY_SO_MS = 1000;

/** Ids of runs are numbers of 31 bits: they go through Int32 words. */
const MAX_ID = 2 ** 31 - 1;

/** A job that a pool has and that has not ended. */
export interface HeldJob {
  /** Of this run of it, within the pool. */
  readonly id: number;
  readonly stored: StoredJob;
  readonly task: RunnableTask;
  readonly timeoutMs: number | undefined;
  /** Once it has started: where. */
  thread: PoolThread | undefined;
  /** When it started, on the monotonic clock. */
  startedAtMs: number;
  /** Why it should end, once it should. The first reason stays. */
  reason: Error | undefined;
  timer: Timer | undefined;
  /** Whether it has ended, as a message that is on its way tells. */
  isTold: boolean;
}

/** What the jobs of a pool need to know of it. */
export interface HeldJobsParts {
  readonly runtime: Runtime;
  readonly sink: WorkersSink;
  readonly timeoutGraceMs: number;
  /** Whether a thread gives up a task that ignores its timeout and goes on, or is killed for it. */
  readonly givesUp: boolean;
  /** Ends a thread, whatever it does. */
  readonly kill: (thread: PoolThread) => void;
  /** Takes in all that threads have told so far. */
  readonly readProgress: () => void;
  /** Called after each job that has ended, or was taken back. */
  readonly onGone: () => void;
}

/**
 * The jobs of a pool, from submit to their end.
 *
 * ```
 *   waiting --a thread takes it--> started --it says so--------------------------> ended
 *      |                              |                                             ^
 *      |                              +--its thread dies----------------------------+
 *      +--takeBack()--> (gone)        +--abort--> aborted --grace: thread killed----+
 *                                                    +-----giveUp()-----------------+
 * ```
 */
export class HeldJobs {
  readonly #parts: HeldJobsParts;
  readonly #jobs = new Map<number, HeldJob>();
  #lastId = 0;
  /** How many have started. */
  #startedCount = 0;

  constructor(parts: HeldJobsParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#jobs.size;
  }

  /** How many run. */
  get startedCount(): number {
    return this.#startedCount;
  }

  get stored(): readonly StoredJob[] {
    return Array.from(this.#jobs.values(), ({ stored }) => stored);
  }

  add(stored: StoredJob, task: RunnableTask): HeldJob {
    const job: HeldJob = {
      id: this.#newId(),
      stored,
      task,
      timeoutMs: stored.job.timeoutMs ?? task.timeoutMs,
      thread: undefined,
      startedAtMs: 0,
      reason: undefined,
      timer: undefined,
      isTold: false,
    };
    this.#jobs.set(job.id, job);
    return job;
  }

  /** A job that has not started, if it is still here. */
  waiting(id: number): HeldJob | undefined {
    const job = this.#jobs.get(id);
    return job?.thread === undefined ? job : undefined;
  }

  /** Forgets a job: nothing is reported of it. */
  takeBack(job: HeldJob): void {
    this.#jobs.delete(job.id);
    this.#parts.onGone();
  }

  started(id: number, thread: PoolThread): void {
    const job = this.#jobs.get(id);
    if (job === undefined) return;
    const { runtime, sink } = this.#parts;
    job.thread = thread;
    this.#startedCount += 1;
    job.startedAtMs = runtime.clock.monotonic();
    sink.jobStarted(job.stored);
    if (job.reason !== undefined) {
      this.#tellAbort(job, job.reason);
      return;
    }
    const { timeoutMs } = job;
    if (timeoutMs === undefined) return;
    // The thread has a timer of its own; this one is for a thread that blocks.
    job.timer = runtime.timers.set(() => {
      this.#abort(job, new JobTimeoutError(job.task.name, timeoutMs));
      this.#killAfterGrace(job);
    }, timeoutMs);
  }

  ended(id: number, result: Result, durationMs: number): void {
    const job = this.#jobs.get(id);
    if (job !== undefined) this.#finish(job, result, durationMs);
  }

  /** A job has ended; how, a message tells that is yet to be received. */
  told(id: number): void {
    const job = this.#jobs.get(id);
    if (job !== undefined) job.isTold = true;
  }

  abort(reason: (stored: StoredJob) => Error): void {
    for (const job of this.#jobs.values()) this.#abort(job, reason(job.stored));
  }

  /** Ends all jobs. */
  giveUp(): void {
    for (const job of this.#jobs.values()) this.#interrupt(job);
  }

  /** Ends the jobs that ran on a thread that has ended. */
  died(thread: PoolThread): void {
    const { exitCode, cause } = thread;
    const options = cause === undefined ? undefined : { cause };
    for (const job of this.#jobs.values()) {
      if (job.thread !== thread) continue;
      const error = new ThreadDiedError(job.task.name, exitCode, options);
      if (job.reason === undefined) {
        this.#finish(job, { ok: false, error }, this.#durationMs(job));
      } else {
        job.reason.cause ??= error;
        this.#interrupt(job);
      }
    }
  }

  #finish(job: HeldJob, result: Result, durationMs: number): void {
    if (!this.#jobs.delete(job.id)) return;
    job.timer?.cancel();
    if (job.thread !== undefined) {
      job.thread.isOfUse = true;
      this.#startedCount -= 1;
    }
    this.#parts.sink.jobFinished({ stored: job.stored, result, durationMs });
    this.#parts.onGone();
  }

  /** Ends a job with the reason of its abort; what its task still does is not heard. */
  #interrupt(job: HeldJob): void {
    const error = job.reason ?? new WorkersStoppedError(job.task.name);
    job.thread?.givenUp.push(job.stored.job);
    this.#finish(job, { ok: false, error, interrupted: true }, this.#durationMs(job));
  }

  #durationMs({ thread, startedAtMs }: HeldJob): number {
    return thread === undefined ? 0 : this.#parts.runtime.clock.monotonic() - startedAtMs;
  }

  #abort(job: HeldJob, reason: Error): void {
    if (job.reason !== undefined) return;
    job.reason = reason;
    this.#tellAbort(job, reason);
  }

  #tellAbort(job: HeldJob, reason: Error): void {
    if (job.thread === undefined) return;
    job.thread.post({ type: "abort", id: job.id, reason: encodeThrown(reason) });
    // A thread that blocks does not hear it, and must not go on for ever.
    if (!this.#parts.givesUp) this.#killAfterGrace(job);
  }

  #killAfterGrace(job: HeldJob): void {
    const { runtime, givesUp, timeoutGraceMs } = this.#parts;
    const graceMs = Math.min(MAX_TIMER_MS, timeoutGraceMs + (givesUp ? SAY_SO_MS : 0));
    job.timer?.cancel();
    job.timer = runtime.timers.set(() => {
      this.#kill(job);
    }, graceMs);
  }

  /** Ends a job that does not end, with its thread. */
  #kill(job: HeldJob): void {
    const { thread } = job;
    if (thread === undefined || this.#hasEnded(job)) return;
    // It must not start another job, which would be killed with it.
    thread.progress.stop();
    if (this.#hasEnded(job)) return;
    this.#interrupt(job);
    this.#parts.kill(thread);
  }

  /** Whether a job has ended by what its thread has told so far. */
  #hasEnded(job: HeldJob): boolean {
    this.#parts.readProgress();
    return job.isTold || !this.#jobs.has(job.id);
  }

  #newId(): number {
    do this.#lastId = (this.#lastId + 1) & MAX_ID;
    while (this.#jobs.has(this.#lastId));
    return this.#lastId;
  }
}
