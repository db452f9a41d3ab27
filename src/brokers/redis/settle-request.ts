import type { StoredJob } from "../../core/job.ts";
import type { Outcome } from "../../core/outcome.ts";
import type { ExchangeRequest } from "../broker.ts";
import type { RedisKeys } from "./redis-keys.ts";

/** Who asks, and for whose jobs. */
export interface SettleContext {
  readonly keys: RedisKeys;
  /** A broker of the cluster. */
  readonly brokerId: string;
  /** Whose running jobs are settled. */
  readonly holderId: string;
  /** The caller's clock, epoch ms. */
  readonly nowMs: number;
  /** Ids of held jobs to drop, besides the outcomes. */
  readonly dropped: readonly string[];
  /** Whether the broker may be among those that found a queue empty and were not woken since. */
  readonly mayBeIdle: boolean;
}

/** Keys and arguments of the exchange script. */
export interface ScriptArguments {
  readonly keys: string[];
  readonly args: string[];
}

/** Writes a request as lua/exchange.lua reads it. */
export function exchangeArguments(
  { outcomes, queues, max }: ExchangeRequest,
  { keys, brokerId, holderId, nowMs, dropped, mayBeIdle }: SettleContext,
): ScriptArguments {
  const { done, retried, released } = sortOutcomes(outcomes);
  const names = new Set(queues);
  for (const { job } of [...retried, ...released]) names.add(job.queue);
  const queueNames = [...names];
  const index = new Map(queueNames.map((name, position) => [name, String(position + 1)]));
  const args = [brokerId, keys.notifications, String(max), String(queues.length), String(nowMs)];
  args.push(mayBeIdle ? "1" : "0");
  args.push(...queueNames, String(done.length + dropped.length));
  for (const { job } of done) args.push(job.id);
  args.push(...dropped, String(retried.length));
  for (const { job, wire } of retried) {
    args.push(job.id, String(job.at.getTime()), index.get(job.queue) ?? "", wire);
  }
  args.push(String(released.length));
  for (const { job, wire } of released) args.push(job.id, index.get(job.queue) ?? "", wire);
  return {
    keys: [
      keys.runningJobs(holderId),
      keys.allBrokers,
      keys.futureJobs,
      keys.periodicQueue,
      keys.maxConcurrency,
      keys.currentConcurrency,
      keys.parkedJobs,
      keys.parkedCounts,
      keys.malformedJobs,
      ...queueNames.flatMap((name) => keys.queueKeys(name)),
    ],
    args,
  };
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
