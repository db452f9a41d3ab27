import type {
  Broker,
  BrokerContext,
  Claim,
  ClaimJobs,
  Due,
  ExchangeReply,
  ExchangeRequest,
  ReconcileRequest,
  RescueReply,
  Taken,
  WakeUpListener,
} from "../../brokers/broker.ts";
import { type Backoff, backoffMs } from "../../core/backoff.ts";
import { BrokerError } from "../../core/errors.ts";
import { JobStatus } from "../../core/job-status.ts";
import type { StoredJob } from "../../core/job.ts";
import type { TaskDefinition } from "../../core/task.ts";
import type { History } from "./history.ts";
import type { Network } from "./network.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
import { type OwnRequest, SUPERSEDED, type SimulatedServer } from "./simulated-server.ts";

/** Between attempts of a schedule trip. */
const RETRY_BACKOFF: Backoff = { baseMs: 25, capMs: 1000 };

/** How long a schedule trip is tried again, in ms. */
const ENQUEUE_TIMEOUT_MS = 10_000;

/** The jobs that were claimed are in their queue. */
const NOTHING_TAKEN: Taken = { count: 0, jobs: [], more: true };

/** What a simulated broker stands between. */
export interface SimulatedBrokerParts {
  readonly process: SimulatedProcess;
  readonly network: Network;
  readonly server: SimulatedServer;
  readonly history: History;
}

/**
 * A broker as a process of the cluster has it: each call is a message over the network and back. It joins before
 * its first call that only a member may make, and after a lost lease goes on as another member.
 */
export class SimulatedBroker implements Broker {
  readonly #parts: SimulatedBrokerParts;
  readonly #wakeUpListeners = new Map<WakeUpListener, ClaimJobs | undefined>();
  readonly #leaseLostListeners = new Set<() => void>();
  readonly #comingWakeUps = new Set<string | undefined>();
  /** All that it ever was. */
  readonly ids: string[] = [];
  #id = "";
  #hasJoined = false;
  #trips = 0;
  #joinNumber = 0;
  #context: BrokerContext | undefined;

  constructor(parts: SimulatedBrokerParts) {
    this.#parts = parts;
    parts.server.jobs.onWakeUp((queue) => {
      this.#notify(queue);
    });
  }

  get id(): string {
    return this.#id;
  }

  bind(context: BrokerContext): void {
    this.#context = context;
    this.#id = context.runtime.newId();
    this.ids.push(this.#id);
  }

  async start(): Promise<void> {
    const { network, process } = this.#parts;
    await network.call(process, "start", () => undefined);
  }

  async stop(): Promise<void> {
    this.#parts.process.leave();
  }

  async enqueue(jobs: readonly StoredJob[]): Promise<void> {
    const { process } = this.#parts;
    const { clock, random } = process.runtime;
    this.#trips += 1;
    const trip = `${process.name} ${this.#trips}`;
    const deadlineMs = clock.monotonic() + ENQUEUE_TIMEOUT_MS;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#enqueueOnce(trip, jobs);
        return;
      } catch (error) {
        const delayMs = backoffMs(RETRY_BACKOFF, attempt, random());
        if (clock.monotonic() + delayMs > deadlineMs) throw error;
        await process.sleep(delayMs);
      }
    }
  }

  async #enqueueOnce(trip: string, jobs: readonly StoredJob[]): Promise<void> {
    const { network, process, server } = this.#parts;
    const own = this.#claim(jobs);
    try {
      const taken = await network.call(process, "enqueue", () => server.enqueue(trip, jobs, own));
      const isMine = own?.brokerId === this.#id;
      own?.claim.concluded(isMine && taken !== undefined ? taken : NOTHING_TAKEN);
    } catch (error) {
      own?.claim.concluded(undefined);
      throw error;
    }
  }

  #claim(jobs: readonly StoredJob[]): (OwnRequest & { readonly claim: Claim }) | undefined {
    const queue = jobs.find(({ job }) => job.status !== JobStatus.WAITING)?.job.queue;
    if (queue === undefined) return undefined;
    for (const claimJobs of this.#wakeUpListeners.values()) {
      const claim = claimJobs?.(queue);
      if (claim !== undefined) return { brokerId: this.#id, queue, max: claim.max, claim };
    }
    return undefined;
  }

  async exchange(request: ExchangeRequest): Promise<ExchangeReply> {
    await this.#join();
    const { network, process, server } = this.#parts;
    const brokerId = this.#id;
    this.#trips += 1;
    const sentAtMs = process.runtime.clock.now();
    const sent = { ...request, brokerId, sentAtMs, trip: this.#trips };
    const reply = await network.call(process, "exchange", () => server.exchange(sent));
    if (reply === SUPERSEDED) throw new BrokerError("a later request was faster");
    if (reply !== undefined && brokerId === this.#id) return reply;
    this.#givenUp(brokerId);
  }

  #givenUp(brokerId: string): never {
    if (brokerId === this.#id) this.leaseLost();
    throw new BrokerError("the cluster has given this broker up; it goes on as another");
  }

  async tick(): Promise<Due> {
    const { network, process, server } = this.#parts;
    return network.call(process, "tick", () => server.tick());
  }

  async register(tasks: readonly TaskDefinition[]): Promise<void> {
    await this.#join();
    const { network, process, server } = this.#parts;
    const brokerId = this.#id;
    const joinNumber = await network.call(process, "register", () =>
      server.register({ brokerId, joinNumber: this.#joinNumber }, tasks),
    );
    this.#joinNumber = joinNumber ?? this.#givenUp(brokerId);
  }

  async reconcile(request: ReconcileRequest): Promise<readonly StoredJob[]> {
    const { network, process, server } = this.#parts;
    const brokerId = this.#id;
    return network.call(process, "reconcile", () => server.reconcile(brokerId, request));
  }

  /** The world does that. */
  async rescue(): Promise<RescueReply> {
    return { reenqueued: 0, failed: [] };
  }

  async isQueueEmpty(queue: string): Promise<boolean> {
    const { network, process, server } = this.#parts;
    return network.call(process, "isQueueEmpty", () => server.jobs.isQueueEmpty(queue));
  }

  async flush(): Promise<void> {
    this.#parts.server.jobs.flush();
  }

  onWakeUp(listener: WakeUpListener, claim?: ClaimJobs): () => void {
    this.#wakeUpListeners.set(listener, claim);
    return () => {
      this.#wakeUpListeners.delete(listener);
    };
  }

  onLeaseLost(listener: () => void): () => void {
    this.#leaseLostListeners.add(listener);
    return () => {
      this.#leaseLostListeners.delete(listener);
    };
  }

  /** A heartbeat comes back: the lease may be lost, and wake-ups were not heard while it was cut off. */
  beat(): void {
    if (this.#hasJoined && !this.#parts.server.isMember(this.#id)) this.leaseLost();
    for (const listener of this.#wakeUpListeners.keys()) listener(undefined);
  }

  /** From here on this is another member. */
  leaseLost(): void {
    if (!this.#hasJoined || this.#context === undefined) return;
    const lost = this.#id;
    this.#hasJoined = false;
    this.#id = this.#context.runtime.newId();
    this.ids.push(this.#id);
    for (const listener of this.#leaseLostListeners) listener();
    this.#parts.history.heardLoss(this.#parts.process, lost);
  }

  async #join(): Promise<void> {
    if (this.#hasJoined) return;
    const { network, process, server } = this.#parts;
    const brokerId = this.#id;
    await network.call(process, "start", () => {
      server.join(brokerId);
    });
    if (brokerId === this.#id) this.#hasJoined = true;
  }

  /** One message for each queue at a time: another one would say the same. */
  #notify(queue: string | undefined): void {
    const { network, process } = this.#parts;
    if (process.isDead || this.#wakeUpListeners.size === 0 || this.#comingWakeUps.has(queue))
      return;
    this.#comingWakeUps.add(queue);
    network.notify(process, (isConnected) => {
      this.#comingWakeUps.delete(queue);
      if (!isConnected) return;
      for (const listener of this.#wakeUpListeners.keys()) listener(queue);
    });
  }
}
