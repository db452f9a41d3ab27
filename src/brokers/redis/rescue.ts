import { BrokerError, MalformedJobError } from "../../core/errors.ts";
import { decodeJob, rewriteJob } from "../../core/job-codec.ts";
import { JobStatus } from "../../core/job-status.ts";
import type { StoredJob } from "../../core/job.ts";
import type { Outcome } from "../../core/outcome.ts";
import type { RescueReply } from "../broker.ts";
import type { RedisConnection } from "./connection.ts";
import { exchangeCodes, leave, runningJobs } from "./lua-scripts.ts";
import type { RedisKeys } from "./redis-keys.ts";
import { array, textArray } from "./replies.ts";
import { exchangeCall, type UnreadableJob } from "./settle-request.ts";

/** Most jobs settled in one call of the script. */
const CHUNK = 1000;

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
  const running = keys.running(deadId);
  const held = textArray(await connection.run(runningJobs({ ...keys.fixed, running })));
  const outcomes: Outcome[] = [];
  const unreadable: UnreadableJob[] = [];
  for (let index = 0; index < held.length; index += 2) {
    const [id = "", wire = ""] = held.slice(index, index + 2);
    try {
      outcomes.push(afterDeath(decodeJob(wire), rescue.nowMs));
    } catch (error) {
      if (!(error instanceof MalformedJobError)) throw error;
      unreadable.push({ id, reason: error.message });
    }
  }
  if (unreadable.length > 0) await settle(rescue, [], unreadable);
  for (let first = 0; first < outcomes.length; first += CHUNK) {
    await settle(rescue, outcomes.slice(first, first + CHUNK));
  }
  await connection.run(leave({ ...keys.fixed, running }, { brokerId: deadId }));
  const failed = outcomes
    .filter(({ kind }) => kind === "failed")
    .map(({ stored }) => stored.job.id);
  return { reenqueued: outcomes.length - failed.length, failed };
}

function afterDeath(stored: StoredJob, nowMs: number): Outcome {
  const { job } = stored;
  const error = new Error("its process died");
  if (job.retries >= job.maxRetries) return { kind: "failed", stored, error };
  const next = { status: JobStatus.QUEUED, retries: job.retries + 1, atMs: nowMs };
  return { kind: "retried", stored: rewriteJob(stored, next), error };
}

async function settle(
  rescue: Rescue,
  outcomes: readonly Outcome[],
  unreadable: readonly UnreadableJob[] = [],
): Promise<void> {
  const { connection, keys, brokerId, deadId, nowMs } = rescue;
  const call = exchangeCall(
    { outcomes, queues: [], max: 0 },
    { keys, brokerId, holderId: deadId, nowMs, unreadable, mayBeIdle: false, clears: false },
  );
  const [status] = array(await connection.run(call));
  if (status === exchangeCodes.LOST) {
    throw new BrokerError("the rescuer was itself given up by the cluster");
  }
}
