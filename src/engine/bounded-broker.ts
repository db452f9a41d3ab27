import type {
  Broker,
  Claim,
  Due,
  ExchangeReply,
  ExchangeRequest,
  ReconcileRequest,
  Taken,
} from "../brokers/broker.ts";
import { BrokerError } from "../core/errors.ts";
import type { StoredJob } from "../core/job.ts";
import type { TaskDefinition } from "../core/task.ts";
import { Deadlines } from "../platform/deadlines.ts";
import type { Runtime } from "../platform/runtime.ts";

/** Longest time that a call of the broker may take, in ms, unless it is one that carries much: see `oldestCallMs`. */
const CALL_TIMEOUT_MS = 30_000;

/** A call that has been under way for so long, in ms, carries much, and the broker has a deadline of its own for it. */
const CARRIES_MUCH_MS = CALL_TIMEOUT_MS / 2;

/** The calls of an arbiter, bounded: a broker that breaks its promise must not silence who waits. */
export class BoundedBroker {
  readonly #broker: Broker;
  readonly #deadlines: Deadlines;

  constructor({ broker, runtime }: { readonly broker: Broker; readonly runtime: Runtime }) {
    this.#broker = broker;
    this.#deadlines = new Deadlines({
      runtime,
      timeoutMs: CALL_TIMEOUT_MS,
      late: ({ name }) => new BrokerError(`the broker has not answered ${name}()`),
      patience: {
        lookEveryMs: CALL_TIMEOUT_MS,
        untilMs: ({ startedMs }, nowMs) => {
          const { oldestCallMs = 0 } = broker;
          const isCarrying = oldestCallMs >= CARRIES_MUCH_MS;
          return isCarrying ? nowMs + CARRIES_MUCH_MS : startedMs + CALL_TIMEOUT_MS;
        },
      },
    });
  }

  register(tasks: readonly TaskDefinition[]): Promise<void> {
    return this.#deadlines.bound({ name: "register" }, this.#broker.register(tasks));
  }

  tick(): Promise<Due> {
    return this.#deadlines.bound({ name: "tick" }, this.#broker.tick());
  }

  reconcile(request: ReconcileRequest): Promise<readonly StoredJob[]> {
    return this.#deadlines.bound({ name: "reconcile" }, this.#broker.reconcile(request));
  }

  exchange(request: ExchangeRequest): Promise<ExchangeReply> {
    return this.#deadlines.bound({ name: "exchange" }, this.#broker.exchange(request));
  }

  isQueueEmpty(queue: string): Promise<boolean> {
    return this.#deadlines.bound({ name: "isQueueEmpty" }, this.#broker.isQueueEmpty(queue));
  }

  /**
   * A claim of which something is known in time.
   * @param concluded - called once: see {@link Claim}
   */
  claim(max: number, concluded: Claim["concluded"]): Claim {
    let isConcluded = false;
    const conclude = (taken: Taken | undefined): void => {
      if (isConcluded) return;
      isConcluded = true;
      endWait();
      concluded(taken);
    };
    const endWait = this.#deadlines.start({ name: "claim" }, () => {
      conclude(undefined);
    });
    return { max, concluded: conclude };
  }

  /** Ends the wait for what is under way, if anything is. */
  giveUp(): void {
    this.#deadlines.giveUp();
  }
}
