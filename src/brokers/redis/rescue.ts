import { BrokerError, MalformedJobError } from "../../core/errors.ts";
import { rewriteHead, rewriteJob } from "../../core/job-codec.ts";
import { JobStatus } from "../../core/job-status.ts";
import type { Outcome } from "../../core/outcome.ts";
import type { JobFailedByDeath, RescueReply } from "../broker.ts";
import type { RedisConnection } from "./connection.ts";
import { type HeldText, idsHeldBy, pagesHeldBy } from "./held-texts.ts";
import { decodeHeldBy } from "./job-reader.ts";
import { exchangeCodes, leave } from "./lua-scripts.ts";
import type { RedisKeys } from "./redis-keys.ts";
import { array } from "./replies.ts";
import { exchangeCall, type UnreadableJob } from "./settle-request.ts";

/** Who rescues whom. */
export interface Rescue {
  readonly connection: RedisConnection;
  readonly keys: RedisKeys;
  /** A live broker of the cluster. */
  readonly brokerId: string;
  readonly deadId: string;
  /** Epoch ms. */
  readonly nowMs: number;
}

/**
 * Takes the jobs of a condemned broker over. A death is a failed attempt. Several may try at once: each
 * job is settled by one of them.
 */
export async function rescueJobs(rescue: Rescue): Promise<RescueReply> {
  const { connection, keys, deadId } = rescue;
  const held = { connection, keys, brokerId: deadId };
  const failed: JobFailedByDeath[] = [];
  let reenqueued = 0;
  for await (const page of pagesHeldBy(held, await idsHeldBy(held), true)) {
    const { outcomes, unreadable } = afterDeath(rescue.nowMs, page);
    await settle(rescue, outcomes, unreadable);
    for (const { kind, stored } of outcomes) {
      const { id, taskName } = stored.job;
      if (kind === "failed") failed.push({ id, taskName });
      else reenqueued += 1;
    }
  }
  const running = keys.running(deadId);
  await connection.run(leave({ ...keys.fixed, running }, { brokerId: deadId }));
  return { reenqueued, failed };
}

interface Verdicts {
  readonly outcomes: readonly Outcome[];
  readonly unreadable: readonly UnreadableJob[];
}

/** What becomes of the jobs of a page. */
function afterDeath(nowMs: number, page: readonly HeldText[]): Verdicts {
  const outcomes: Outcome[] = [];
  const unreadable: UnreadableJob[] = [];
  for (const held of page) {
    try {
      outcomes.push(outcomeOf(held, nowMs));
    } catch (error) {
      if (!(error instanceof MalformedJobError)) throw error;
      unreadable.push({ id: held.id, reason: error.message });
    }
  }
  return { outcomes, unreadable };
}

function outcomeOf(held: HeldText, nowMs: number): Outcome {
  const stored = decodeHeldBy(held);
  const { job } = stored;
  const error = new Error("its process died");
  if (job.retries >= job.maxRetries) return { kind: "failed", stored, error };
  const next = { status: JobStatus.QUEUED, retries: job.retries + 1, atMs: nowMs };
  const rewrite = held.isHead ? rewriteHead : rewriteJob;
  return { kind: "retried", stored: rewrite(stored, next), error };
}

async function settle(
  rescue: Rescue,
  outcomes: readonly Outcome[],
  unreadable: readonly UnreadableJob[],
): Promise<void> {
  const { connection, keys, brokerId, deadId, nowMs } = rescue;
  const call = exchangeCall(
    { outcomes, queues: [], max: 0 },
    {
      keys,
      brokerId,
      holderId: deadId,
      nowMs,
      maxBytes: 0,
      unreadable,
      mayBeIdle: false,
      clears: false,
    },
  );
  const [status] = array(
    await connection.run(call, { jobIds: () => outcomes.map(({ stored }) => stored.job.id) }),
  );
  if (status === exchangeCodes.LOST) {
    throw new BrokerError("the rescuer was itself given up by the cluster");
  }
}
