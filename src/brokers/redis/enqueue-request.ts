import { JobStatus } from "../../core/job-status.ts";
import type { StoredJob } from "../../core/job.ts";
import { enqueue, enqueueOwn, type ScriptCall } from "./lua-scripts.ts";
import type { ClaimedJobs } from "./own-jobs.ts";
import type { RedisKeys } from "./redis-keys.ts";

/** What a call needs beside the jobs. */
export interface EnqueueContext {
  readonly keys: RedisKeys;
  readonly producerId: string;
  /** The producer's number of it. */
  readonly attempt: number;
  /** That of the first attempt to bring these jobs. */
  readonly firstAttempt: number;
  /** The first ready jobs of their queues, which the caller's own broker takes: see {@link OwnJobs}. */
  readonly claimed: readonly ClaimedJobs[];
}

/** Writes jobs as lua/enqueue.lua reads them; or lua/enqueue_own.lua, if some of them are claimed. */
export function enqueueCall(
  { readyByQueue, future }: SortedJobs,
  { keys, producerId, attempt, firstAttempt, claimed }: EnqueueContext,
): ScriptCall {
  const queues = [...readyByQueue.keys()];
  const args = [...queues];
  if (future.length > 0) pushFuture(args, future, queues);
  const [first] = claimed;
  for (const [queue, ready] of readyByQueue) {
    const own = claimed.find((each) => each.queue === queue);
    if (first !== undefined) pushClaimed(args, own);
    const taken = own?.jobs.length ?? 0;
    args.push(String(ready.length - taken));
    for (let at = taken; at < ready.length; at += 1) args.push(ready[at]?.wire ?? "");
  }
  const common = { ...keys.fixed, producer: keys.producer(producerId) };
  const queueKeys = queues.flatMap((queue) => keys.queueKeys(queue));
  const numbers = { attempt: String(attempt), firstAttempt, futureCount: future.length };
  const rest = { ...numbers, channel: keys.channel, jobs: args };
  if (first === undefined) return enqueue({ ...common, queues: queueKeys }, rest);
  const { brokerId } = first;
  const running = keys.running(brokerId);
  return enqueueOwn({ ...common, running, queues: queueKeys }, { ...rest, brokerId });
}

function pushFuture(args: string[], future: readonly StoredJob[], queues: readonly string[]): void {
  const index = new Map(queues.map((name, position) => [name, String(position + 1)]));
  for (const { job, wire, delayMs } of future) {
    const due = delayMs === undefined ? String(job.at.getTime() / 1000) : `+${delayMs / 1000}`;
    args.push(due, index.get(job.queue) ?? "", wire);
  }
}

function pushClaimed(args: string[], own: ClaimedJobs | undefined): void {
  const jobs = own?.jobs ?? [];
  args.push(String(jobs.length), own?.takesNoMore === true ? "1" : "0");
  for (const { job, wire } of jobs) args.push(job.id, job.taskName, wire);
}

/** New jobs, in order. */
export interface SortedJobs {
  /** Those of each queue that any of them is for. */
  readonly readyByQueue: ReadonlyMap<string, readonly StoredJob[]>;
  readonly future: readonly StoredJob[];
}

export function sortJobs(jobs: readonly StoredJob[]): SortedJobs {
  const readyByQueue = new Map<string, StoredJob[]>();
  const future: StoredJob[] = [];
  for (const stored of jobs) {
    const { queue, status } = stored.job;
    let ready = readyByQueue.get(queue);
    if (ready === undefined) {
      ready = [];
      readyByQueue.set(queue, ready);
    }
    if (status === JobStatus.WAITING) future.push(stored);
    else ready.push(stored);
  }
  return { readyByQueue, future };
}
