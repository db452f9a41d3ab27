import { decodeJob, rewriteJob } from "../../core/job-codec.ts";
import { JobStatus } from "../../core/job-status.ts";
import type { StoredJob } from "../../core/job.ts";
import { newPeriodicJob } from "../../core/new-job.ts";
import type { Outcome } from "../../core/outcome.ts";
import type { TaskDefinition } from "../../core/task.ts";
import { Deque } from "../../queue/deque.ts";
import {
  MAX_JOBS_PER_CALL,
  type Due,
  type ExchangeReply,
  type ExchangeRequest,
  type JobFailedByDeath,
  type ReconcileRequest,
  type RescueReply,
  type WakeUpListener,
} from "../broker.ts";
import { type DefinitionOwner, isOutranked, nextJoinNumber } from "../definition-owner.ts";
import { ConcurrencyLimits } from "./concurrency-limits.ts";
import { FutureJobs } from "./future-jobs.ts";
import { PeriodicTasks } from "./periodic-tasks.ts";

/**
 * Where the jobs of memory brokers live. Each `MemoryBroker` has one of its own; pass one store to
 * several brokers and their engines are a cluster inside one process.
 *
 * @example
 * const store = new MemoryStore();
 * const web = new Engine(new MemoryBroker({ store }));
 * const worker = new Engine(new MemoryBroker({ store }));
 */
export class MemoryStore {
  readonly #namespaces = new Map<string, MemoryNamespace>();

  /** @internal */
  namespace(name: string): MemoryNamespace {
    let namespace = this.#namespaces.get(name);
    if (namespace === undefined) {
      namespace = new MemoryNamespace();
      this.#namespaces.set(name, namespace);
    }
    return namespace;
  }
}

/** So many settled jobs fill the tables of a map several times over. */
const RENEW_AFTER = 4096;

/**
 * The state of one namespace and its atomic operations. A job is in exactly one place: a queue, the
 * future, parked behind a limit, or held by a broker; settled ones are nowhere.
 */
export class MemoryNamespace {
  /** Ready jobs by queue, as text: whoever takes a job gets a copy of its arguments. */
  readonly #queues = new Map<string, Deque<string>>();
  /** By broker id, then by job id: a broker that is not in it is none of the cluster. */
  readonly #running = new Map<string, Map<string, StoredJob>>();
  readonly #listeners = new Set<WakeUpListener>();
  /** Outcomes since a map of running jobs was last made anew. */
  #settled = 0;
  #future = new FutureJobs();
  #periodic = new PeriodicTasks();
  #limits = new ConcurrencyLimits();
  /** By task. */
  readonly #owners = new Map<string, DefinitionOwner>();
  /** The last one given. */
  #joinNumber = 0;

  onWakeUp(listener: WakeUpListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  enqueue(jobs: readonly StoredJob[], nowMs: number): void {
    for (const stored of jobs) {
      this.#place(stored, nowMs);
      this.#wakeUp(stored.job.queue);
    }
  }

  join(brokerId: string): void {
    this.#running.set(brokerId, new Map());
  }

  /** Returns whether it has left: who holds jobs stays, and they are for others to take over. */
  leave(brokerId: string): boolean {
    const isIdle = this.#running.get(brokerId)?.size === 0;
    if (isIdle) this.#running.delete(brokerId);
    return isIdle;
  }

  /** `undefined`, and no effect, if the broker is none of the cluster, or not any more. */
  exchange(brokerId: string, request: ExchangeRequest, nowMs: number): ExchangeReply | undefined {
    const running = this.#runningAnew(brokerId);
    if (running === undefined) return undefined;
    this.#settle(running, request.outcomes, nowMs);
    this.#settled += request.outcomes.length;
    const jobs: StoredJob[] = [];
    let more = false;
    for (const queue of request.queues) {
      more = this.#take(queue, request.max, jobs) || more;
    }
    for (const stored of jobs) running.set(stored.job.id, stored);
    return { count: jobs.length, jobs, more, nextDueMs: this.#nextDueMs(nowMs) };
  }

  /**
   * What a broker holds, in a fresh map now and then. V8 links each outgrown table of a map to the next one, with all that
   * was in it: once one of them is old, young collections find all that follow, and take long over jobs that ended.
   */
  #runningAnew(brokerId: string): Map<string, StoredJob> | undefined {
    const running = this.#running.get(brokerId);
    if (running === undefined) return undefined;
    // What is copied has been settled as often before: it costs each job next to nothing.
    if (this.#settled < Math.max(RENEW_AFTER, running.size)) return running;
    this.#settled = 0;
    const fresh = new Map(running);
    this.#running.set(brokerId, fresh);
    return fresh;
  }

  tick(nowMs: number, newId: () => string): Due {
    for (let moved = 0; moved < MAX_JOBS_PER_CALL; moved += 1) {
      const stored = this.#future.takeDue(nowMs);
      if (stored === undefined) break;
      this.#queue(stored.job.queue).pushBack(stored.wire);
      this.#wakeUp(stored.job.queue);
    }
    for (const task of this.#periodic.takeDue(nowMs)) {
      this.enqueue([newPeriodicJob(task, { id: newId(), nowMs })], nowMs);
    }
    return { nextDueMs: this.#nextDueMs(nowMs) };
  }

  /**
   * A process has the number 0 until it registers a definition.
   *
   * @returns the number of the process; `undefined`, and no effect, if the broker is none of the cluster
   */
  register(
    { brokerId, joinNumber }: DefinitionOwner,
    tasks: readonly TaskDefinition[],
    nowMs: number,
  ): number | undefined {
    if (!this.#running.has(brokerId)) return undefined;
    // Who only names a task says nothing of its period and limit.
    const stated = tasks.filter(({ fn }) => fn !== undefined);
    const isFirst = joinNumber === 0 && stated.length > 0;
    const number = isFirst ? nextJoinNumber(this.#joinNumber, nowMs) : joinNumber;
    this.#joinNumber = Math.max(this.#joinNumber, number);
    const owner = { brokerId, joinNumber: number };
    for (const task of stated) {
      if (this.#isOutranked(owner, task.name)) continue;
      this.#owners.set(task.name, owner);
      this.#periodic.register(task, nowMs);
      if (task.maxConcurrency === undefined) this.#unlimit(task.name);
      else this.#limits.set(task.name, task.maxConcurrency, this.#countRunning(task.name));
    }
    this.#wakeUp(undefined);
    return number;
  }

  /** The limit of a task that counts now. */
  limitOf(taskName: string): number | undefined {
    return this.#limits.of(taskName);
  }

  #isOutranked({ joinNumber }: DefinitionOwner, taskName: string): boolean {
    return isOutranked(joinNumber, this.#owners.get(taskName), (id) => this.#running.has(id));
  }

  reconcile(brokerId: string, { queues, known }: ReconcileRequest): readonly StoredJob[] {
    return [...this.#runningOf(brokerId).values()].filter(
      ({ job }) => queues.includes(job.queue) && !known.has(job.id),
    );
  }

  rescue(brokerId: string, nowMs: number): RescueReply {
    const held = [...this.#runningOf(brokerId).values()];
    this.#running.delete(brokerId);
    const failed: JobFailedByDeath[] = [];
    for (const stored of held) {
      const { job } = stored;
      this.#freePlace(job.taskName);
      if (job.retries >= job.maxRetries) {
        failed.push({ id: job.id, taskName: job.taskName });
        continue;
      }
      const next = { status: JobStatus.QUEUED, retries: job.retries + 1, atMs: nowMs };
      this.enqueue([rewriteJob(stored, next)], nowMs);
    }
    return { reenqueued: held.length - failed.length, failed };
  }

  isQueueEmpty(queue: string): boolean {
    return this.#queue(queue).length === 0 && !this.#limits.hasParked(queue);
  }

  flush(): void {
    this.#queues.clear();
    this.#running.clear();
    this.#owners.clear();
    this.#future = new FutureJobs();
    this.#periodic = new PeriodicTasks();
    this.#limits = new ConcurrencyLimits();
  }

  #place(stored: StoredJob, nowMs: number): void {
    if (stored.job.at.getTime() > nowMs) this.#future.add(stored);
    else this.#queue(stored.job.queue).pushBack(stored.wire);
  }

  #settle(running: Map<string, StoredJob>, outcomes: readonly Outcome[], nowMs: number): void {
    if (outcomes.length === 0) return;
    const released: StoredJob[] = [];
    for (const { kind, stored } of outcomes) {
      // The fence: who does not hold a job settles nothing, so a late or second settle is harmless.
      if (!running.delete(stored.job.id)) continue;
      this.#freePlace(stored.job.taskName);
      if (kind === "retried") this.enqueue([stored], nowMs);
      else if (kind === "released") released.push(stored);
    }
    for (const stored of released.toReversed()) this.#putBack(stored);
  }

  /** Takes jobs of a queue until there are `max`. Returns whether it may hold more. */
  #take(queueName: string, max: number, jobs: StoredJob[]): boolean {
    const queue = this.#queue(queueName);
    for (let looked = 0; jobs.length < max && looked < MAX_JOBS_PER_CALL; looked += 1) {
      // Parked jobs first: they were at the head of the queue before.
      const parked = this.#limits.isEmpty ? undefined : this.#limits.takeParked(queueName);
      if (parked !== undefined) {
        jobs.push(parked);
        continue;
      }
      const wire = queue.popFront();
      if (wire === undefined) return false;
      const stored = decodeJob(wire, JobStatus.RUNNING);
      if (this.#limits.isEmpty || this.#limits.admit(stored)) jobs.push(stored);
    }
    return true;
  }

  #putBack(stored: StoredJob): void {
    const { queue } = stored.job;
    // Read anew: the task may have changed the arguments that it was given.
    const copy = decodeJob(stored.wire, JobStatus.RUNNING);
    if (!this.#limits.putBack(copy)) this.#queue(queue).pushFront(stored.wire);
    this.#wakeUp(queue);
  }

  #freePlace(taskName: string): void {
    if (this.#limits.isEmpty) return;
    for (const queue of this.#limits.release(taskName)) this.#wakeUp(queue);
  }

  #unlimit(taskName: string): void {
    for (const stored of this.#limits.remove(taskName).toReversed()) this.#putBack(stored);
  }

  #countRunning(taskName: string): number {
    let count = 0;
    for (const jobs of this.#running.values()) {
      for (const { job } of jobs.values()) if (job.taskName === taskName) count += 1;
    }
    return count;
  }

  #nextDueMs(nowMs: number): number | undefined {
    const nextAtMs = Math.min(
      this.#future.nextAtMs ?? Infinity,
      this.#periodic.nextAtMs ?? Infinity,
    );
    return nextAtMs === Infinity ? undefined : Math.max(0, nextAtMs - nowMs);
  }

  #queue(name: string): Deque<string> {
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      queue = new Deque();
      this.#queues.set(name, queue);
    }
    return queue;
  }

  #runningOf(brokerId: string): Map<string, StoredJob> {
    return this.#running.get(brokerId) ?? new Map<string, StoredJob>();
  }

  #wakeUp(queue: string | undefined): void {
    for (const listener of this.#listeners) listener(queue);
  }
}
