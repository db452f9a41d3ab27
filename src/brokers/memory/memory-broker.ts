import { BrokerError } from "../../core/errors.ts";
import type { StoredJob } from "../../core/job.ts";
import { checkMethods, checkOptions } from "../../core/option-checks.ts";
import type { TaskDefinition } from "../../core/task.ts";
import { LoopTurn } from "../../platform/loop-turn.ts";
import type {
  Broker,
  BrokerContext,
  Due,
  ExchangeReply,
  ExchangeRequest,
  ReconcileRequest,
  RescueReply,
  WakeUpListener,
} from "../broker.ts";
import { type MemoryNamespace, MemoryStore } from "./memory-store.ts";

/** Options of a memory broker. */
export interface MemoryBrokerOptions {
  /** Where its jobs live. @defaultValue a store of its own */
  readonly store?: MemoryStore | undefined;
}

interface Bound extends BrokerContext {
  readonly jobs: MemoryNamespace;
  readonly turn: LoopTurn;
}

/**
 * A broker inside this process: nothing to install, and everything is lost when the process ends.
 *
 * @example
 * const spin = new Engine(new MemoryBroker());
 */
export class MemoryBroker implements Broker {
  readonly isVolatile = true;
  readonly #store: MemoryStore;
  readonly #leaseLostListeners = new Set<() => void>();
  #bound: Bound | undefined;
  #id = "";
  #hasLeft = false;
  /** Of this process, from its first registration on. */
  #joinNumber = 0;

  /** @throws TypeError if an option is not valid */
  constructor(options: MemoryBrokerOptions = {}) {
    checkOptions("MemoryBroker", options, ["store"]);
    const { store = new MemoryStore() } = options;
    checkMethods("MemoryBroker: store must be a MemoryStore", store, ["namespace"]);
    this.#store = store;
  }

  bind(context: BrokerContext): void {
    if (this.#bound !== undefined) {
      throw new TypeError(
        "this MemoryBroker already belongs to an engine: " +
          "make one broker per engine, and give them one store to share",
      );
    }
    const jobs = this.#store.namespace(context.namespace);
    this.#id = context.runtime.newId();
    jobs.join(this.#id);
    this.#bound = { ...context, jobs, turn: new LoopTurn(context.runtime) };
  }

  get id(): string {
    return this.#id;
  }

  async start(): Promise<void> {
    if (!this.#hasLeft) return;
    this.#hasLeft = false;
    this.#jobs.join(this.#id);
  }

  async stop(): Promise<void> {
    this.#hasLeft ||= this.#bound?.jobs.leave(this.#id) ?? false;
  }

  async enqueue(jobs: readonly StoredJob[]): Promise<void> {
    const { jobs: namespace, runtime, turn } = this.#context;
    const nowMs = runtime.clock.now();
    namespace.enqueue(jobs, nowMs);
    const wait = turn.waitAt(nowMs);
    if (wait !== undefined) await wait;
  }

  async exchange(request: ExchangeRequest): Promise<ExchangeReply> {
    return this.#jobs.exchange(this.#id, request, this.#now) ?? this.#rejoin();
  }

  async tick(): Promise<Due> {
    return this.#jobs.tick(this.#now, this.#context.runtime.newId);
  }

  async register(tasks: readonly TaskDefinition[]): Promise<void> {
    const process = { brokerId: this.#id, joinNumber: this.#joinNumber };
    this.#joinNumber = this.#jobs.register(process, tasks, this.#now) ?? this.#rejoin();
  }

  async reconcile(request: ReconcileRequest): Promise<readonly StoredJob[]> {
    return this.#jobs.reconcile(this.id, request);
  }

  async rescue(brokerId: string): Promise<RescueReply> {
    return this.#jobs.rescue(brokerId, this.#now);
  }

  async isQueueEmpty(queue: string): Promise<boolean> {
    return this.#jobs.isQueueEmpty(queue);
  }

  async flush(): Promise<void> {
    this.#jobs.flush();
  }

  onLeaseLost(listener: () => void): () => void {
    this.#leaseLostListeners.add(listener);
    return () => {
      this.#leaseLostListeners.delete(listener);
    };
  }

  onWakeUp(listener: WakeUpListener): () => void {
    return this.#jobs.onWakeUp(listener);
  }

  #rejoin(): never {
    this.#id = this.#context.runtime.newId();
    this.#jobs.join(this.#id);
    for (const listener of this.#leaseLostListeners) listener();
    throw new BrokerError("the cluster has given this broker up; it goes on as another");
  }

  get #context(): Bound {
    if (this.#bound === undefined) {
      throw new TypeError("this MemoryBroker belongs to no engine yet: pass it to new Engine()");
    }
    return this.#bound;
  }

  get #jobs(): MemoryNamespace {
    return this.#context.jobs;
  }

  get #now(): number {
    return this.#context.runtime.clock.now();
  }
}
