import type { StoredJob } from "../../core/job.ts";
import type { Outcome } from "../../core/outcome.ts";
import type { ExchangeRequest } from "../broker.ts";
import { exchange, type ScriptCall } from "./lua-scripts.ts";
import type { RedisKeys } from "./redis-keys.ts";

/** A held job that nobody can run. */
export interface UnreadableJob {
  readonly id: string;
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
  { keys, brokerId, holderId, nowMs, unreadable, mayBeIdle, clears }: SettleContext,
): ScriptCall {
  const { done, retried, released } = sortOutcomes(outcomes);
  const names = new Set(queues);
  for (const { job } of [...retried, ...released]) names.add(job.queue);
  const queueNames = [...names];
  const index = new Map(queueNames.map((name, position) => [name, String(position + 1)]));
  const jobs = [...queueNames, String(done.length)];
  for (const { job } of done) jobs.push(job.id);
  jobs.push(String(unreadable.length));
  for (const { id, reason } of unreadable) jobs.push(id, reason);
  jobs.push(String(retried.length));
  for (const { job, wire } of retried) {
    jobs.push(job.id, String(job.at.getTime()), index.get(job.queue) ?? "", wire);
  }
  jobs.push(String(released.length));
  for (const { job, wire } of released) jobs.push(job.id, index.get(job.queue) ?? "", wire);
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
      taking: queues.length,
      callerMs: nowMs,
      mayBeIdle,
      clears,
      jobs,
    },
  );
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
