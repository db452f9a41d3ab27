import { type Backoff, backoffMs } from "../../core/backoff.ts";
import { MAX_ATOMIC_JOBS } from "../../core/constants.ts";
import { BrokerError } from "../../core/errors.ts";
import type { StoredJob } from "../../core/job.ts";
import type { Runtime } from "../../platform/runtime.ts";
import type { RedisConnection } from "./connection.ts";
import { enqueueCall, sortJobs } from "./enqueue-request.ts";
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
  readonly deadlineMs: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Brings jobs to Redis. Calls made in one turn of the event loop, or while a trip is under way, share
 * the next trip. One trip at a time: so its number tells Redis whether it has done it before, and a
 * reply that was lost doubles nothing.
 */
export class Producer {
  readonly #parts: ProducerParts;
  readonly #id: string;
  readonly #waiting: Call[] = [];
  #isSending = false;
  #trips = 0;
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
    this.#waiting.push({ jobs, deadlineMs, resolve, reject });
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
    for (let calls = this.#nextTrip(); calls.length > 0; calls = this.#nextTrip()) {
      this.#trips += 1;
      try {
        await this.#trip(calls);
        for (const call of calls) call.resolve();
      } catch (error) {
        for (const call of calls) call.reject(error);
      }
    }
    this.#isSending = false;
  }

  /** The calls that fit into one atomic trip: whole ones only, and at least one. */
  #nextTrip(): readonly Call[] {
    let jobs = 0;
    let calls = 0;
    for (const call of this.#waiting) {
      jobs += call.jobs.length;
      if (calls > 0 && jobs > MAX_ATOMIC_JOBS) break;
      calls += 1;
    }
    return this.#waiting.splice(0, calls);
  }

  async #trip(calls: readonly Call[]): Promise<void> {
    const { runtime } = this.#parts;
    const jobs = calls.flatMap((call) => call.jobs);
    for (let attempt = 1; ; attempt += 1) {
      try {
        // Anew each time: by then this process may not stand idle any more, or be another broker.
        await this.#run(jobs);
        return;
      } catch (error) {
        // An earlier attempt may have come through.
        if (!isPassing(error)) throw attempt === 1 ? error : this.#unknown(error);
        const deadlineMs = Math.min(...calls.map((each) => each.deadlineMs));
        const delayMs = backoffMs(RETRY_BACKOFF, attempt, runtime.random());
        if (runtime.clock.monotonic() + delayMs > deadlineMs) throw this.#unknown(error);
        await this.#pause(delayMs);
      }
    }
  }

  async #pause(delayMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#parts.runtime.timers.set(resolve, delayMs);
    this.#endPause = resolve;
    await promise;
    timer.cancel();
  }

  #unknown(cause: unknown): BrokerError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new BrokerError(`the jobs may or may not have been scheduled: ${reason}`, { cause });
  }

  async #run(jobs: readonly StoredJob[]): Promise<void> {
    const { connection, keys, ownJobs } = this.#parts;
    const sorted = sortJobs(jobs);
    const claimed = ownJobs.claim(sorted.readyByQueue);
    const context = { keys, producerId: this.#id, trip: this.#trips, claimed };
    try {
      const reply = await connection.run(enqueueCall(sorted, context), {
        name: "enqueue",
        jobIds: () => jobs.map(({ job }) => job.id),
      });
      if (claimed.length > 0) ownJobs.concluded(claimed, array(reply));
    } catch (error) {
      ownJobs.failed(claimed);
      throw error;
    }
  }
}
