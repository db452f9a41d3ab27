import type {
  Broker,
  BrokerContext,
  ClaimJobs,
  Due,
  ExchangeReply,
  ExchangeRequest,
  ReconcileRequest,
  RescueReply,
  WakeUpListener,
} from "../brokers/broker.ts";
import { BrokerError } from "../core/errors.ts";
import type { StoredJob } from "../core/job.ts";
import type { TaskDefinition } from "../core/task.ts";

/** The calls of a broker that can be made to fail. */
export type BrokerCall =
  | "enqueue"
  | "exchange"
  | "isQueueEmpty"
  | "reconcile"
  | "register"
  | "start"
  | "tick";

/**
 * What goes wrong with one call: `before`: it fails without effect; `after`: it takes effect and the
 * reply is lost; `late`: it fails, and takes effect when `release` is called; `hang`: it takes effect and
 * nothing ever comes back; `none`: nothing, so that a later call fails.
 */
export type Fault = "before" | "after" | "late" | "hang" | "none";

/**
 * A broker in front of another, that fails when told to.
 *
 * @example
 * const broker = new FaultBroker(new MemoryBroker());
 * broker.failNext("exchange", "after"); // the next reply is lost, with the jobs in it
 */
export class FaultBroker implements Broker {
  readonly #inner: Broker;
  readonly #faults = new Map<BrokerCall, Fault[]>();
  readonly #late: Array<() => Promise<unknown>> = [];
  readonly #holds = new Map<BrokerCall, Promise<void>>();
  /** How often each call was made, failed ones included. */
  readonly calls: Record<BrokerCall, number> = {
    enqueue: 0,
    exchange: 0,
    isQueueEmpty: 0,
    reconcile: 0,
    register: 0,
    start: 0,
    tick: 0,
  };

  constructor(inner: Broker) {
    this.#inner = inner;
  }

  get id(): string {
    return this.#inner.id;
  }

  get isVolatile(): boolean {
    return this.#inner.isVolatile ?? false;
  }

  /** Makes a call fail, once; faults of the same call queue up. */
  failNext(call: BrokerCall, ...faults: readonly Fault[]): void {
    this.#faults.set(call, [...(this.#faults.get(call) ?? []), ...faults]);
  }

  /** Lets the calls that failed `late` take their effect, in order; what they reply, nobody hears. */
  async release(): Promise<void> {
    for (const effect of this.#late.splice(0)) await effect();
  }

  /** Holds the reply of the next such call back until the returned function is called. */
  holdNext(call: BrokerCall): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#holds.set(call, promise);
    return resolve;
  }

  bind(context: BrokerContext): void {
    this.#inner.bind(context);
  }

  start(): Promise<void> {
    return this.#pass("start", () => this.#inner.start());
  }

  async ready(): Promise<void> {
    await this.#inner.ready?.();
  }

  stop(): Promise<void> {
    return this.#inner.stop();
  }

  enqueue(jobs: readonly StoredJob[]): Promise<void> {
    return this.#pass("enqueue", () => this.#inner.enqueue(jobs));
  }

  exchange(request: ExchangeRequest): Promise<ExchangeReply> {
    return this.#pass("exchange", () => this.#inner.exchange(request));
  }

  tick(): Promise<Due> {
    return this.#pass("tick", () => this.#inner.tick());
  }

  register(tasks: readonly TaskDefinition[]): Promise<void> {
    return this.#pass("register", () => this.#inner.register(tasks));
  }

  reconcile(request: ReconcileRequest): Promise<readonly StoredJob[]> {
    return this.#pass("reconcile", () => this.#inner.reconcile(request));
  }

  rescue(brokerId: string): Promise<RescueReply> {
    return this.#inner.rescue(brokerId);
  }

  isQueueEmpty(queue: string): Promise<boolean> {
    return this.#pass("isQueueEmpty", () => this.#inner.isQueueEmpty(queue));
  }

  flush(): Promise<void> {
    return this.#inner.flush();
  }

  onLeaseLost(listener: () => void): () => void {
    return this.#inner.onLeaseLost(listener);
  }

  onWakeUp(listener: WakeUpListener, claim?: ClaimJobs): () => void {
    return this.#inner.onWakeUp(listener, claim);
  }

  async #pass<Reply>(call: BrokerCall, effect: () => Promise<Reply>): Promise<Reply> {
    this.calls[call] += 1;
    const fault = this.#faults.get(call)?.shift();
    if (fault === "late") this.#late.push(effect);
    if (fault === "before" || fault === "late")
      throw new BrokerError(`injected fault: ${call} did not get through`);
    const held = this.#holds.get(call);
    this.#holds.delete(call);
    const reply = await effect();
    await held;
    if (fault === "after") throw new BrokerError(`injected fault: the reply of ${call} was lost`);
    if (fault === "hang") await Promise.withResolvers<never>().promise;
    return reply;
  }
}
