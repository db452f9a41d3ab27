import type {
  Due,
  ExchangeReply,
  ExchangeRequest,
  ReconcileRequest,
  Taken,
} from "../../brokers/broker.ts";
import type { DefinitionOwner } from "../../brokers/definition-owner.ts";
import { MemoryStore, type MemoryNamespace } from "../../brokers/memory/memory-store.ts";
import { rewriteJob } from "../../core/job-codec.ts";
import { JobStatus } from "../../core/job-status.ts";
import type { StoredJob } from "../../core/job.ts";
import type { Outcome } from "../../core/outcome.ts";
import type { TaskDefinition } from "../../core/task.ts";
import type { History } from "./history.ts";
import { RELEASED, Releases } from "./releases.ts";
import { EPOCH_MS, type World } from "./world.ts";

/** A request of a member, with what the server must know of the sender. */
export interface MemberRequest extends ExchangeRequest {
  readonly brokerId: string;
  /** Counts the requests of the sender. */
  readonly trip: number;
  /** The sender's clock when it was sent, epoch ms. */
  readonly sentAtMs: number;
}

/** A member that takes new jobs of a queue as they come in. */
export interface OwnRequest {
  readonly brokerId: string;
  readonly queue: string;
  /** Most jobs. */
  readonly max: number;
}

/** What is said to a request that comes after a later one of the same member: it has no effect. */
export const SUPERSEDED = "superseded";

/**
 * The broker's side: the store of MemoryBroker, whose operations are the real ones, behind what a broker that
 * is reached over a network needs: members that can be given up, and schedule trips that are done once however
 * often they come. Its clock is the only one that jobs are compared with, as that of Redis is.
 */
export class SimulatedServer {
  readonly jobs: MemoryNamespace = new MemoryStore().namespace("simulation");
  readonly #world: World;
  readonly #history: History;
  readonly #trips = new Set<string>();
  readonly #lastTrips = new Map<string, number>();
  readonly #members = new Set<string>();
  readonly #releases = new Releases();

  constructor(world: World, history: History) {
    this.#world = world;
    this.#history = history;
  }

  /** Whoever was given up does not come back under the same id. */
  join(brokerId: string): void {
    if (this.#members.has(brokerId) || this.#history.condemned.has(brokerId)) return;
    this.#members.add(brokerId);
    this.jobs.join(brokerId);
  }

  /**
   * @param trip - what is the same in a repetition of the call
   * @param own - who takes the first of the jobs; returns what it has taken, `undefined` if they are in the queue
   */
  enqueue(trip: string, jobs: readonly StoredJob[], own?: OwnRequest): Taken | undefined {
    if (this.#trips.has(trip)) return undefined;
    this.#trips.add(trip);
    const mayTake = own !== undefined && this.jobs.isQueueEmpty(own.queue);
    for (const stored of jobs) this.#place(stored);
    if (!mayTake) return undefined;
    const { brokerId, queue, max } = own;
    const request = { outcomes: [], queues: [queue], max };
    const taken = this.jobs.exchange(brokerId, request, this.#nowMs);
    for (const stored of taken?.jobs ?? []) this.#history.taken(brokerId, stored);
    return taken;
  }

  exchange(request: MemberRequest): ExchangeReply | undefined | typeof SUPERSEDED {
    const { brokerId, queues, max, sentAtMs, trip } = request;
    if (trip < (this.#lastTrips.get(brokerId) ?? 0)) return SUPERSEDED;
    this.#lastTrips.set(brokerId, trip);
    const outcomes = request.outcomes.map((outcome) => this.#inOurTime(outcome, sentAtMs));
    for (const outcome of outcomes) {
      const { kind, stored } = outcome;
      const dueAtMs = kind === "retried" ? stored.job.at.getTime() - EPOCH_MS : this.#world.nowMs;
      this.#history.told(brokerId, outcome, dueAtMs);
    }
    const reply = this.jobs.exchange(brokerId, { outcomes, queues, max }, this.#nowMs);
    for (const stored of reply?.jobs ?? []) this.#history.taken(brokerId, stored);
    return reply;
  }

  tick(): Due {
    return this.jobs.tick(this.#nowMs, () => {
      const id = this.#world.newId();
      this.#history.madePeriodic(id);
      return id;
    });
  }

  /** Returns the number of the process; `undefined`, and no effect, if the sender is no member. */
  register(process: DefinitionOwner, tasks: readonly TaskDefinition[]): number | undefined {
    const joinNumber = this.jobs.register(process, tasks, this.#nowMs);
    if (joinNumber === undefined) return undefined;
    this.#history.statedAtMs ??= this.#world.nowMs;
    const isMember = (brokerId: string): boolean => this.isMember(brokerId);
    const expected = this.#releases.stated(process, joinNumber, tasks, isMember);
    this.#history.released({ expected, limit: this.jobs.limitOf(RELEASED) });
    return joinNumber;
  }

  reconcile(brokerId: string, request: ReconcileRequest): readonly StoredJob[] {
    return this.jobs.reconcile(brokerId, request);
  }

  /** Gives a member up, and takes its jobs over. */
  condemn(brokerId: string): void {
    if (!this.#members.delete(brokerId)) return;
    this.#history.rescued(brokerId);
    this.jobs.rescue(brokerId, this.#nowMs);
  }

  isMember(brokerId: string): boolean {
    return this.#members.has(brokerId);
  }

  /** A date of a call is compared with this clock; what is ready by the caller's clock is ready. */
  #place(sent: StoredJob): void {
    const { delayMs, job } = sent;
    const { status, retries } = job;
    const atMs = delayMs === undefined ? job.at.getTime() : this.#nowMs + delayMs;
    const stored = delayMs === undefined ? sent : rewriteJob(sent, { status, retries, atMs });
    const isReady = status !== JobStatus.WAITING;
    this.#history.entered(stored, isReady ? this.#world.nowMs : atMs - EPOCH_MS);
    this.jobs.enqueue([stored], isReady ? Math.max(atMs, this.#nowMs) : this.#nowMs);
  }

  /** A retry comes after a delay, which counts from now. */
  #inOurTime(outcome: Outcome, sentAtMs: number): Outcome {
    if (outcome.kind !== "retried") return outcome;
    const { stored } = outcome;
    const { status, retries, at } = stored.job;
    const atMs = this.#nowMs + Math.max(0, at.getTime() - sentAtMs);
    return { ...outcome, stored: rewriteJob(stored, { status, retries, atMs }) };
  }

  get #nowMs(): number {
    return EPOCH_MS + this.#world.nowMs;
  }
}
