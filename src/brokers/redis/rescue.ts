import { BrokerError, MalformedJobError } from "../../core/errors.ts";
import { decodeJob, rewriteJob } from "../../core/job-codec.ts";
import { JobStatus } from "../../core/job-status.ts";
import type { StoredJob } from "../../core/job.ts";
import type { Outcome } from "../../core/outcome.ts";
import type { RescueReply } from "../broker.ts";
import type { RedisConnection } from "./connection.ts";
import { exchange, leave, passOn, runningJobs } from "./lua-scripts.ts";
import type { RedisKeys } from "./redis-keys.ts";
import { array, textArray } from "./replies.ts";
import { exchangeArguments } from "./settle-request.ts";

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
 * Takes the jobs of a dead broker over. A death is a failed attempt. Several may try at once: each job
 * is settled by one of them.
 */
export async function rescueJobs(rescue: Rescue): Promise<RescueReply> {
  const { connection, keys, deadId } = rescue;
  const held = textArray(await connection.run(runningJobs, [keys.runningJobs(deadId)], []));
  const outcomes: Outcome[] = [];
  const unreadable: string[] = [];
  for (let index = 0; index < held.length; index += 2) {
    const outcome = afterDeath(held[index + 1] ?? "", rescue.nowMs);
    if (outcome === undefined) unreadable.push(held[index] ?? "");
    else outcomes.push(outcome);
  }
  if (unreadable.length > 0) await settle(rescue, [], unreadable);
  for (let first = 0; first < outcomes.length; first += CHUNK) {
    await settle(rescue, outcomes.slice(first, first + CHUNK));
  }
  const brokerKeys = [keys.allBrokersInfo, keys.allBrokers, keys.runningJobs(deadId)];
  await connection.run(leave, brokerKeys, [deadId]);
  // It may have been woken for a job that nobody else looks for: all must look, at every queue.
  await connection.run(passOn, [], [keys.notifications, ""]);
  const reenqueued = outcomes.filter(({ kind }) => kind === "retried").length;
  return { reenqueued, failed: outcomes.length + unreadable.length - reenqueued };
}

/** `undefined` if the text is no job: nobody could run it. */
function afterDeath(wire: string, nowMs: number): Outcome | undefined {
  const stored = readable(wire);
  if (stored === undefined) return undefined;
  const { job } = stored;
  const error = new Error("its process died");
  if (job.retries >= job.maxRetries) return { kind: "failed", stored, error };
  const next = { status: JobStatus.QUEUED, retries: job.retries + 1, atMs: nowMs };
  return { kind: "retried", stored: rewriteJob(stored, next), error };
}

function readable(wire: string): StoredJob | undefined {
  try {
    return decodeJob(wire);
  } catch (error) {
    if (error instanceof MalformedJobError) return undefined;
    throw error;
  }
}

async function settle(
  rescue: Rescue,
  outcomes: readonly Outcome[],
  dropped: readonly string[] = [],
): Promise<void> {
  const { connection, keys, brokerId, deadId, nowMs } = rescue;
  const request = { outcomes, queues: [], max: 0 };
  const context = { keys, brokerId, holderId: deadId, nowMs, dropped, mayBeIdle: false };
  const { keys: scriptKeys, args } = exchangeArguments(request, context);
  const [status] = array(await connection.run(exchange, scriptKeys, args));
  if (status === -1) throw new BrokerError("the rescuer was itself given up by the cluster");
}
