import type { StoredJob } from "../../core/job.ts";
import { afterPromises } from "../../platform/after-promises.ts";
import { type Claim, MAX_JOBS_PER_CALL } from "../broker.ts";
import type { HeartbeatThread } from "../heartbeat/heartbeat-thread.ts";
import type { JobReader } from "./job-reader.ts";
import type { RedisKeys } from "./redis-keys.ts";
import { TakenJobs } from "./taken-jobs.ts";
import type { WakeUps } from "./wake-ups.ts";

/** Who takes part when a process takes its own jobs. */
export interface OwnJobsParts {
  readonly keys: RedisKeys;
  /** The broker's id, now. */
  readonly id: () => string;
  readonly wakeUps: WakeUps;
  readonly reader: JobReader;
  readonly heartbeat: HeartbeatThread;
}

/** New jobs of one queue, oldest first, for which somebody here stands idle. */
export interface ClaimedJobs {
  readonly queue: string;
  readonly jobs: readonly StoredJob[];
  /** Whether there is room for no more than these. */
  readonly takesNoMore: boolean;
  /** Who is to hold them. */
  readonly brokerId: string;
  readonly claim: Claim;
}

/**
 * Jobs that this process schedules while its own workers stand idle. The call that brings them to Redis takes them as
 * well, which spares the notification and the trip that would fetch them.
 *
 * ```
 *   claimed ---> taken by the call ------------------> they start
 *      |
 *      +-------> left in the queue ------------------> who claimed them looks into it
 *      |
 *      +-------> no reply: they may be held or not --> who claimed them asks what the broker holds
 * ```
 */
export class OwnJobs {
  readonly #parts: OwnJobsParts;

  constructor(parts: OwnJobsParts) {
    this.#parts = parts;
  }

  /** The first new jobs of those queues for which somebody here stands idle. */
  claim(readyByQueue: ReadonlyMap<string, readonly StoredJob[]>): readonly ClaimedJobs[] {
    const { id, wakeUps } = this.#parts;
    const claimed: ClaimedJobs[] = [];
    for (const [queue, ready] of readyByQueue) {
      const claim = ready.length === 0 ? undefined : wakeUps.claim(queue);
      if (claim === undefined) continue;
      const jobs = ready.slice(0, Math.min(claim.max, MAX_JOBS_PER_CALL));
      const takesNoMore = jobs.length < ready.length || jobs.length === claim.max;
      claimed.push({ queue, jobs, takesNoMore, brokerId: id(), claim });
    }
    if (claimed.length > 0) this.#parts.heartbeat.startTaking();
    return claimed;
  }

  /** @param came - what came of the call: see lua/enqueue_own.lua */
  concluded(claimed: readonly ClaimedJobs[], { isNew, taken }: OwnJobsReply): void {
    const { keys, wakeUps, heartbeat } = this.#parts;
    heartbeat.endTaking(taken.length > 0);
    const conclusions = claimed.map((each) => {
      const areTaken = taken.includes(keys.queue(each.queue));
      const more = each.takesNoMore || !areTaken;
      // A call that was known has changed nothing now.
      if (more && isNew) wakeUps.noLongerIdle(each.queue);
      return { ...each, areTaken, more };
    });
    // Who waits for schedule() goes on before its job starts.
    afterPromises(() => {
      for (const conclusion of conclusions) this.#conclude(conclusion);
    });
  }

  #conclude({ jobs, areTaken, more, claim }: Conclusion): void {
    const { reader } = this.#parts;
    const wires = areTaken ? jobs.map(({ wire }) => wire) : [];
    claim.concluded(new TakenJobs(reader, wires, { more }));
  }

  /** Nobody knows whether they were taken. */
  failed(claimed: readonly ClaimedJobs[]): void {
    if (claimed.length > 0) this.#parts.heartbeat.endTaking(true);
    for (const { claim } of claimed) claim.concluded(undefined);
  }
}

/** What came of a call that brings claimed jobs. */
export interface OwnJobsReply {
  /** Whether this very call has brought them, not an attempt before it. */
  readonly isNew: boolean;
  /** The keys of the queues whose jobs the broker has taken. */
  readonly taken: readonly unknown[];
}

interface Conclusion extends ClaimedJobs {
  /** Whether the broker holds them; otherwise they are in the queue. */
  readonly areTaken: boolean;
  /** Whether the queue may hold more. */
  readonly more: boolean;
}
