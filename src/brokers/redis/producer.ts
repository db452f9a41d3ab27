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
      this.#waiting.unshift(...(await this.#trip(calls)));
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

  /** Settles the calls; resolves to those that no attempt has brought, and that need another trip. */
  async #trip(calls: readonly Call[]): Promise<readonly Call[]> {
    const firstAttempt = this.#attempts + 1;
    // Number of each attempt -> the calls that it carried.
    const carried = new Map<number, readonly Call[]>();
    let [open, most] = [calls, calls.length];
    for (let times = 1; open.length > 0; times += 1) {
      const carrying = open.slice(0, most);
      this.#attempts += 1;
      carried.set(this.#attempts, carrying);
      try {
        // Anew each time: by then this process may not stand idle any more, or be another broker.
        const attempt = await this.#run(carrying, firstAttempt);
        const brought = carried.get(attempt) ?? carrying;
        for (const call of brought) call.resolve();
        if (brought === carrying) return open.slice(carrying.length);
        const done = new Set(brought);
        return open.filter((call) => !done.has(call));
      } catch (error) {
        // An earlier attempt may have come through.
        if (!isPassing(error)) return rejectAll(open, times === 1 ? error : unknown(error));
        if (wasLate(error)) most = Math.min(most, this.#fitting(open));
        open = await this.#pause(open, times, error);
      }
    }
    return open;
  }

  /** Between two attempts. Rejects the calls that have no time for another; resolves to the others. */
  async #pause(calls: readonly Call[], times: number, error: unknown): Promise<readonly Call[]> {
    const { runtime } = this.#parts;
    const delayMs = backoffMs(RETRY_BACKOFF, times, runtime.random());
    const nextMs = runtime.clock.monotonic() + delayMs;
    const open = calls.filter(({ deadlineMs }) => deadlineMs >= nextMs);
    if (open.length < calls.length) {
      rejectAll(
        calls.filter(({ deadlineMs }) => deadlineMs < nextMs),
        unknown(error),
      );
    }
    if (open.length === 0) return open;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = runtime.timers.set(resolve, delayMs);
    this.#endPause = resolve;
    await promise;
    timer.cancel();
    return open;
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

function rejectAll(calls: readonly Call[], error: unknown): readonly Call[] {
  for (const call of calls) call.reject(error);
  return [];
}

function unknown(cause: unknown): BrokerError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new BrokerError(`the jobs may or may not have been scheduled: ${reason}`, { cause });
}

/** Their characters, which are their bytes but for rare ones. */
function bytesOf(jobs: readonly StoredJob[]): number {
  let bytes = 0;
  for (const { wire } of jobs) bytes += wire.length;
  return bytes;
}
