import { type Backoff, backoffMs } from "../../core/backoff.ts";
import { MAX_ATOMIC_JOBS } from "../../core/constants.ts";
import { BrokerError } from "../../core/errors.ts";
import type { StoredJob } from "../../core/job.ts";
import type { Runtime } from "../../platform/runtime.ts";
import { ByteBound } from "./byte-bound.ts";
import type { RedisConnection } from "./connection.ts";
import { enqueueCall, sortJobs } from "./enqueue-request.ts";
import { wasLate } from "./late-calls.ts";
import type { OwnJobs } from "./own-jobs.ts";
import { isPassing } from "./redis-errors.ts";
import type { RedisKeys } from "./redis-keys.ts";
import { array } from "./replies.ts";

/** Between attempts of one call. */
const RETRY_BACKOFF: Backoff = { baseMs: 25, capMs: 1000 };

/** What a producer is made of. */
export interface ProducerParts {
  readonly connection: RedisConnection;
  readonly keys: RedisKeys;
  readonly runtime: Runtime;
  readonly ownJobs: OwnJobs;
  /** How long a call is tried again while Redis cannot be reached, in ms. */
  readonly timeoutMs: number;
}

interface Call {
  readonly jobs: readonly StoredJob[];
  readonly bytes: number;
  readonly deadlineMs: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Brings jobs to Redis. Calls made in one turn of the event loop, or while a trip is under way, share
 * the next trip, as many as its bytes allow. One trip at a time: so the numbers of its attempts tell Redis whether it
 * has done it before, and a reply that was lost doubles nothing. An attempt after one that was late carries fewer of
 * its calls; Redis says which attempt it was that has brought them.
 */
export class Producer {
  readonly #parts: ProducerParts;
  readonly #id: string;
  readonly #waiting: Call[] = [];
  readonly #bound = new ByteBound();
  #isSending = false;
  /** Number of the last attempt. */
  #attempts = 0;
  /** Ends the pause between two attempts. */
  #endPause: (() => void) | undefined;

  constructor(parts: ProducerParts) {
    this.#parts = parts;
    this.#id = parts.runtime.newId();
  }

  /** Resolves when Redis has the jobs. Rejects with BrokerError. */
  enqueue(jobs: readonly StoredJob[]): Promise<void> {
    if (jobs.length === 0) return Promise.resolve();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const deadlineMs = this.#parts.runtime.clock.monotonic() + this.#parts.timeoutMs;
    this.#waiting.push({ jobs, bytes: bytesOf(jobs), deadlineMs, resolve, reject });
    if (!this.#isSending) {
      this.#isSending = true;
      void this.#send();
    }
    return promise;
  }

  /** Tries again at once what waits for that; once the connection is closed, it fails for good. */
  endPause(): void {
    this.#endPause?.();
  }

  async #send(): Promise<void> {
    // Not yet: more calls may come in this turn.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const calls = this.#waiting.splice(0, this.#fitting(this.#waiting));
      try {
        const done = await this.#trip(calls);
        this.#waiting.unshift(...calls.slice(done));
        for (const call of calls.slice(0, done)) call.resolve();
      } catch (error) {
        for (const call of calls) call.reject(error);
      }
    }
    this.#isSending = false;
  }

  /** How many of these calls one atomic trip may carry: whole ones only, and at least one. */
  #fitting(calls: readonly Call[]): number {
    let [jobs, bytes, count] = [0, 0, 0];
    for (const call of calls) {
      jobs += call.jobs.length;
      bytes += call.bytes;
      if (count > 0 && (jobs > MAX_ATOMIC_JOBS || bytes > this.#bound.bytes)) break;
      count += 1;
    }
    return count;
  }

  /** Resolves to how many of the calls Redis has, the first ones. */
  async #trip(calls: readonly Call[]): Promise<number> {
    const firstAttempt = this.#attempts + 1;
    // Number of each attempt -> how many calls it carried.
    const carried = new Map<number, number>();
    let count = calls.length;
    for (let times = 1; ; times += 1) {
      this.#attempts += 1;
      carried.set(this.#attempts, count);
      try {
        // Anew each time: by then this process may not stand idle any more, or be another broker.
        const attempt = await this.#run(calls.slice(0, count), firstAttempt);
        return carried.get(attempt) ?? count;
      } catch (error) {
        // An earlier attempt may have come through.
        if (!isPassing(error)) throw times === 1 ? error : this.#unknown(error);
        if (wasLate(error)) count = Math.min(count, this.#fitting(calls));
        await this.#pause(calls, times, error);
      }
    }
  }

  /** Between two attempts. Rejects if there is no time for another. */
  async #pause(calls: readonly Call[], times: number, error: unknown): Promise<void> {
    const { runtime } = this.#parts;
    const deadlineMs = Math.min(...calls.map((each) => each.deadlineMs));
    const delayMs = backoffMs(RETRY_BACKOFF, times, runtime.random());
    if (runtime.clock.monotonic() + delayMs > deadlineMs) throw this.#unknown(error);
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = runtime.timers.set(resolve, delayMs);
    this.#endPause = resolve;
    await promise;
    timer.cancel();
  }

  #unknown(cause: unknown): BrokerError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new BrokerError(`the jobs may or may not have been scheduled: ${reason}`, { cause });
  }

  /** Resolves to the number of the attempt of this trip that has brought the jobs. */
  async #run(calls: readonly Call[], firstAttempt: number): Promise<number> {
    const { connection, keys, ownJobs } = this.#parts;
    const jobs = calls.flatMap((call) => call.jobs);
    const sorted = sortJobs(jobs);
    const claimed = ownJobs.claim(sorted.readyByQueue);
    const attempt = this.#attempts;
    const context = { keys, producerId: this.#id, attempt, firstAttempt, claimed };
    const bytes = calls.reduce((sum, call) => sum + call.bytes, 0);
    try {
      const reply = await connection.run(enqueueCall(sorted, context), {
        name: "enqueue",
        jobIds: () => jobs.map(({ job }) => job.id),
      });
      this.#bound.arrived(bytes);
      // Of an attempt before this one there is the number alone.
      const [by, ...taken] = Array.isArray(reply) ? array(reply) : [reply];
      const broughtBy = Number(by);
      if (claimed.length > 0) ownJobs.concluded(claimed, { isNew: broughtBy === attempt, taken });
      return broughtBy;
    } catch (error) {
      if (wasLate(error)) this.#bound.late(bytes);
      ownJobs.failed(claimed);
      throw error;
    }
  }
}

/** Their characters, which are their bytes but for rare ones. */
function bytesOf(jobs: readonly StoredJob[]): number {
  let bytes = 0;
  for (const { wire } of jobs) bytes += wire.length;
  return bytes;
}
