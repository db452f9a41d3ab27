import type { StoredJob } from "../../core/job.ts";
import type { Outcome } from "../../core/outcome.ts";
import { type ExchangeRequest, MAX_BYTES_PER_CALL } from "../broker.ts";
import { exchange, type ScriptCall } from "./lua-scripts.ts";
import type { RedisKeys } from "./redis-keys.ts";

/** A held job that nobody can run. */
export interface UnreadableJob {
  /** By which the broker holds it; empty if only the script can tell. */
  readonly id: string;
  /** What was read of it, if the id is empty. */
  readonly wire?: string;
  readonly reason: string;
}

/** Who asks, and for whose jobs. */
export interface SettleContext {
  readonly keys: RedisKeys;
  /** A broker of the cluster. */
  readonly brokerId: string;
  /** Whose running jobs are settled. */
  readonly holderId: string;
  /** The caller's clock, epoch ms. */
  readonly nowMs: number;
  /** Most bytes of jobs to take. */
  readonly maxBytes: number;
  /** Held jobs to set aside, besides the outcomes. */
  readonly unreadable: readonly UnreadableJob[];
  /** Whether the broker may be among those that found a queue empty and were not woken since. */
  readonly mayBeIdle: boolean;
  /** Whether the others need not look any more once this one has found a queue empty. */
  readonly clears: boolean;
}

/** Writes a request as lua/exchange.lua reads it. */
export function exchangeCall(
  { outcomes, queues, max }: ExchangeRequest,
  { keys, brokerId, holderId, nowMs, maxBytes, unreadable, mayBeIdle, clears }: SettleContext,
): ScriptCall {
  const { done, retried, released } = sortOutcomes(outcomes);
  const names = new Set(queues);
  for (const { job } of [...retried, ...released]) names.add(job.queue);
  const queueNames = [...names];
  const index = new Map(queueNames.map((name, position) => [name, String(position + 1)]));
  const jobs = [...queueNames, ...packedIds(done)];
  jobs.push(String(unreadable.length));
  for (const { id, reason, wire = "" } of unreadable) jobs.push(id, reason, wire);
  jobs.push(String(retried.length));
  for (const { job, wire, edit } of retried) {
    jobs.push(job.id, String(job.at.getTime()), index.get(job.queue) ?? "");
    jobs.push(edit === undefined ? "" : String(edit.replacedBytes), edit?.head ?? wire);
  }
  jobs.push(String(released.length));
  for (const { job, wire } of released) {
    jobs.push(job.id, index.get(job.queue) ?? "", wire.length > LONG ? "" : wire);
  }
  return exchange(
    {
      ...keys.fixed,
      running: keys.running(holderId),
      queues: queueNames.flatMap((name) => keys.queueKeys(name)),
    },
    {
      brokerId,
      channel: keys.channel,
      max,
      maxBytes,
      taking: queues.length,
      callerMs: nowMs,
      mayBeIdle,
      clears,
      jobs,
    },
  );
}

/**
 * Outcomes for one request after the other: as many of them in one as let the script move, at most, so many bytes of
 * jobs, and read as many as a call should. Those put back come from the youngest on: so the oldest ends in front.
 */
export function cutOutcomes(
  outcomes: readonly Outcome[],
  maxBytes: number = MAX_BYTES_PER_CALL,
): ReadonlyArray<readonly Outcome[]> {
  const pieces: Outcome[][] = [];
  let end = outcomes.length;
  let taken = 0;
  for (let index = outcomes.length - 1; index >= 0; index -= 1) {
    const share = shareOf(outcomes[index], maxBytes);
    if (taken + share > 1 && index + 1 < end) {
      pieces.push(outcomes.slice(index + 1, end));
      end = index + 1;
      taken = 0;
    }
    taken += share;
  }
  return pieces.length === 0 ? [outcomes] : [...pieces, outcomes.slice(0, end)];
}

/** Which part of a request it takes up. What does not come back is read all the same, where any task is limited. */
function shareOf(outcome: Outcome | undefined, maxBytes: number): number {
  if (outcome === undefined) return 0;
  const { kind, stored } = outcome;
  const isMoved = kind === "retried" || kind === "released";
  return stored.wire.length / (isMoved ? maxBytes : MAX_BYTES_PER_CALL);
}

/** A job put back whose text is longer is not sent again, in characters: Redis has it. */
const LONG = 1024;

/** Of an id as we and Python make them, in characters and in bytes. */
const UUID_LENGTH = 36;

/**
 * As one argument, ids cost a fraction of what as many would. The script cuts it by bytes: ids of another
 * length, in characters or in bytes, come one by one.
 */
function packedIds(done: readonly StoredJob[]): readonly string[] {
  const ids = done.map(({ job }) => job.id);
  const uuids = ids.filter(({ length }) => length === UUID_LENGTH);
  const packed = uuids.join("");
  if (Buffer.byteLength(packed) !== packed.length) return ["0", "", String(ids.length), ...ids];
  const others = ids.length === uuids.length ? [] : ids.filter((id) => id.length !== UUID_LENGTH);
  return [String(uuids.length), packed, String(others.length), ...others];
}

interface SortedOutcomes {
  readonly done: StoredJob[];
  readonly retried: StoredJob[];
  readonly released: StoredJob[];
}

function sortOutcomes(outcomes: readonly Outcome[]): SortedOutcomes {
  const sorted: SortedOutcomes = { done: [], retried: [], released: [] };
  for (const { kind, stored } of outcomes) {
    if (kind === "retried") sorted.retried.push(stored);
    else if (kind === "released") sorted.released.push(stored);
    else sorted.done.push(stored);
  }
  return sorted;
}
