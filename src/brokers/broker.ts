/**
 * What a broker is: the global queue. It knows jobs, never workers. Every operation is atomic. Those
 * of the arbiter may be repeated after a failure whose effect is unknown: an outcome settles only a job
 * that the broker still holds, and `reconcile` finds what a lost reply held. `enqueue` repeats itself
 * where that is needed, and rejects only when it gives up.
 */
import type { BrokerError } from "../core/errors.ts";
import type { StoredJob } from "../core/job.ts";
import type { Outcome } from "../core/outcome.ts";
import type { TaskDefinition } from "../core/task.ts";
import type { Runtime } from "../platform/runtime.ts";

/** Most jobs that one call of a broker looks at, so that none stalls the others. */
export const MAX_JOBS_PER_CALL = 1000;

/**
 * Most bytes of jobs that a call of a broker on a store should carry; one job comes, however large. Redis copies each
 * job three times on its way, and where a call has many large ones it asks the system for fresh memory each time: 256
 * jobs of 64 KiB took it 2.4 times as long as 16 calls of 16. And no call holds others up for long.
 */
export const MAX_BYTES_PER_CALL: number = 1024 * 1024;

/** What a broker gets from its engine. */
export interface BrokerContext {
  readonly namespace: string;
  readonly runtime: Runtime;
}

/** What one trip brings and asks for. */
export interface ExchangeRequest {
  /** Jobs that ended since the last trip. One that this broker does not hold settles nothing. */
  readonly outcomes: readonly Outcome[];
  readonly queues: readonly string[];
  /** Most jobs wanted; 0 only settles. */
  readonly max: number;
}

/** When to come back. */
export interface Due {
  /**
   * Time until `tick` has something to do, in ms from now, 0 if it has now; `undefined` if nothing
   * is planned.
   */
  readonly nextDueMs: number | undefined;
}

/** Jobs that were taken. */
export interface Taken {
  /** How many. */
  readonly count: number;
  /**
   * These jobs, oldest first, without those that nobody can read. They are this broker's until it settles them.
   * Reading them may take a while, which the first access to this member does: what need not wait for that,
   * such as the next trip, comes before.
   */
  readonly jobs: readonly StoredJob[];
  /** Whether the queues may hold more jobs than were taken; `false` once one trip found them empty. */
  readonly more: boolean;
}

/** What one trip takes back. */
export interface ExchangeReply extends Taken, Due {
  /** Why no job could be taken, if that failed: the outcomes are settled all the same. */
  readonly refusal?: BrokerError | undefined;
}

/** What this process has of the broker's jobs. */
export interface ReconcileRequest {
  readonly queues: readonly string[];
  /** Ids of the jobs it knows: running, waiting for a worker, or ended and not yet told. */
  readonly known: ReadonlySet<string>;
}

/** A job that failed because its process died. */
export interface JobFailedByDeath {
  readonly id: string;
  readonly taskName: string;
}

/** What became of the jobs of a dead broker. */
export interface RescueReply {
  readonly reenqueued: number;
  /** Those that may not run again: whether their work was done, nobody knows. */
  readonly failed: readonly JobFailedByDeath[];
}

/**
 * Called when something may have changed; `queue` is where, `undefined` if it could be any. `isBack` says that the
 * broker can be reached again: whoever waits before another attempt need not.
 */
export type WakeUpListener = (queue: string | undefined, isBack?: boolean) => void;

/**
 * Asks whoever listens for wake-ups for jobs that this very process is about to schedule. Who stands idle, and would
 * start them at once, claims them, and fetches none until it was told what came of that.
 */
export type ClaimJobs = (queue: string) => Claim | undefined;

/** A claim to the next jobs of a queue. */
export interface Claim {
  /** Most jobs that there is room for, at least 1. */
  readonly max: number;
  /**
   * To be called once. What was taken is this broker's, as if `exchange` had taken it: some jobs, or none, if they had
   * to go into the queue; `undefined` if nobody knows.
   */
  concluded(taken: Taken | undefined): void;
}

/** A place where jobs wait, shared by the processes of a cluster. */
export interface Broker {
  /** UUID of this process in the cluster; another one after each lost lease. */
  readonly id: string;
  /**
   * Whether its jobs end with this process in any case: then it does not matter how many of them the process holds.
   * @defaultValue false
   */
  readonly isVolatile?: boolean;
  /**
   * For how long the oldest of the calls that are under way has been, in ms; 0 if none is. Only of a broker that bounds
   * its calls by what they carry: one that is large takes its time.
   */
  readonly oldestCallMs?: number;
  /**
   * Ties the broker to an engine, once, before anything else.
   * @throws TypeError if another engine has it
   */
  bind(context: BrokerContext): void;
  /** Connects. May be called again after `stop`. */
  start(): Promise<void>;
  /**
   * Resolves when workers can be started on it: the broker has all that it needs for them, and the store can be worked
   * with, which `start` does not wait for. Rejects with BrokerError if that cannot be, or it is stopped. A broker that
   * always is ready has no such method.
   */
  ready?(): Promise<void>;
  /** Lets go of everything it holds open. Safe to call at any time, and twice. */
  stop(): Promise<void>;
  /** Takes in jobs, all or none, in order: the due ones to their queues, the others to wait. */
  enqueue(jobs: readonly StoredJob[]): Promise<void>;
  /**
   * Takes in jobs as part of a transaction of the application on the same store; they exist once it
   * commits, and not before. A broker that cannot has no such method.
   * @throws TypeError or RangeError if there is no such transaction, BrokerError if the store refuses
   */
  enqueueIn?(transaction: object, jobs: readonly StoredJob[]): void;
  /**
   * Settles outcomes, then takes jobs, in one trip. One that failed may still take effect, but not after a later one
   * of the same broker: an outcome told twice would settle the next run of its job.
   */
  exchange(request: ExchangeRequest): Promise<ExchangeReply>;
  /** Moves what has become due, in order and in bounded steps; then makes the jobs of periodic tasks. */
  tick(): Promise<Due>;
  /**
   * Registers the periods and limits of the tasks that this process has; others' stay. Rejects, without effect, if
   * the cluster has given this broker up: see `onLeaseLost`.
   */
  register(tasks: readonly TaskDefinition[]): Promise<void>;
  /**
   * The jobs that this broker holds and the process does not know: fetched in a reply that was lost. In the order in
   * which they were made.
   */
  reconcile(request: ReconcileRequest): Promise<readonly StoredJob[]>;
  /**
   * Takes the jobs of a dead broker over: back to their queues, or failed if they may not run again. If
   * it is alive after all, its lease is lost.
   */
  rescue(brokerId: string): Promise<RescueReply>;
  /** Whether no job is ready in the queue or parked behind a limit. Future jobs do not count. */
  isQueueEmpty(queue: string): Promise<boolean>;
  /** Deletes everything in the namespace; the leases of its brokers are lost. */
  flush(): Promise<void>;
  /** Returns how to stop listening. A broker may use `claim` to spare jobs of this very process a detour. */
  onWakeUp(listener: WakeUpListener, claim?: ClaimJobs): () => void;
  /**
   * Calls back when the cluster has given this broker up: what it held is others'. It goes on as another
   * broker, with another id, of which nothing is registered. The `exchange` or `register` that finds it out
   * rejects, without effect. Returns how to stop listening.
   */
  onLeaseLost(listener: () => void): () => void;
}
