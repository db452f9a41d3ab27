import { BrokerError } from "../../core/errors.ts";
import type { BrokerCall } from "../fault-broker.ts";
import type { Fate } from "./scenario.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
import type { World } from "./world.ts";

/** How long a message takes one way, in ms, at most. */
const MAX_LATENCY_MS = 20;

/** The simulated broker's own deadline of a call, in ms. */
const CALL_TIMEOUT_MS = 5000;

/** Latest time, in ms, at which a request that failed takes effect: the arbiter looks again after 60 s. */
const MAX_LATE_MS = 50_000;

/** When a call does what, in ms; `undefined` for never. */
interface Course {
  /** From the call to its effect. */
  readonly effectMs: number | undefined;
  /** From the effect to the reply. */
  readonly replyMs: number | undefined;
  /** From the call to its failure. */
  readonly errorMs: number | undefined;
  /** Whether it gets through whatever happens to the connection. */
  readonly isUnderway: boolean;
}

/** What is between the processes and the broker: it delays, loses and cuts off. */
export class Network {
  readonly #world: World;
  #outageUntilMs = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** When the last outage ended, or will, on the world's clock. */
  get outageUntilMs(): number {
    return this.#outageUntilMs;
  }

  outage(forMs: number): void {
    this.#outageUntilMs = Math.max(this.#outageUntilMs, this.#world.nowMs + forMs);
  }

  isConnected(process: SimulatedProcess): boolean {
    return process.isConnected && this.#outageUntilMs <= this.#world.nowMs;
  }

  /** A call of the broker and its reply. It never settles if the process dies meanwhile. */
  call<Reply>(process: SimulatedProcess, name: BrokerCall, effect: () => Reply): Promise<Reply> {
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    if (process.isDead) return promise;
    const fate = process.takeFate(name);
    const course = this.#isCut(process, fate) ? this.#failing() : this.#course(fate);
    const fail = (): void => {
      reject(new BrokerError(`simulated fault of ${name}()`));
    };
    this.#world.say(
      () => `${process.name} calls ${name}()${fate === undefined ? "" : `, fate: ${fate}`}`,
    );
    if (course.errorMs !== undefined) this.#world.after(course.errorMs, process, fail);
    if (course.effectMs === undefined) return promise;
    this.#world.after(course.effectMs, undefined, () => {
      if (!course.isUnderway && !this.isConnected(process)) this.#lost(process, fail);
      else this.#reply(process, effect(), { course, resolve, fail });
    });
    return promise;
  }

  /** A message from the broker to a process, which is lost if they are not connected then. */
  notify(process: SimulatedProcess, arrive: (isConnected: boolean) => void): void {
    this.#world.after(this.latencyMs, process, () => {
      arrive(this.isConnected(process));
    });
  }

  get latencyMs(): number {
    return this.#world.between(1, MAX_LATENCY_MS);
  }

  #reply<Reply>(
    process: SimulatedProcess,
    reply: Reply,
    { course, resolve, fail }: ReplyContext<Reply>,
  ): void {
    if (course.replyMs === undefined) return;
    this.#world.after(course.replyMs, process, () => {
      if (this.isConnected(process)) resolve(reply);
      else this.#lost(process, fail);
    });
  }

  /** The connection broke while the call was under way: it is noticed at once, or by the deadline. */
  #lost(process: SimulatedProcess, fail: () => void): void {
    const isNoticed = this.#world.random() < 0.5;
    this.#world.after(isNoticed ? this.latencyMs : CALL_TIMEOUT_MS, process, fail);
  }

  #isCut(process: SimulatedProcess, fate: Fate | undefined): boolean {
    return fate !== "late" && !this.isConnected(process);
  }

  #failing(): Course {
    return { effectMs: undefined, replyMs: undefined, errorMs: this.latencyMs, isUnderway: false };
  }

  #course(fate: Fate | undefined): Course {
    const effectMs = this.latencyMs;
    const soonMs = effectMs + this.latencyMs;
    const course = { effectMs, replyMs: undefined, errorMs: undefined, isUnderway: false };
    switch (fate) {
      case undefined:
        return { ...course, replyMs: this.latencyMs };
      case "before":
        return this.#failing();
      case "after":
        return { ...course, errorMs: soonMs };
      case "late": {
        const maxMs = this.#world.random() < 0.5 ? CALL_TIMEOUT_MS : MAX_LATE_MS;
        const lateMs = this.#world.between(100, maxMs);
        const isNoticed = this.#world.random() < 0.5;
        const errorMs = isNoticed ? effectMs : CALL_TIMEOUT_MS;
        return { ...course, effectMs: lateMs, errorMs, isUnderway: true };
      }
      case "silent":
        return { ...course, errorMs: CALL_TIMEOUT_MS };
      case "hang":
        return course;
      case "slow":
        return { ...course, replyMs: this.#world.between(1000, CALL_TIMEOUT_MS - 100) };
      case "overdue":
        return { ...course, replyMs: CALL_TIMEOUT_MS, errorMs: CALL_TIMEOUT_MS };
    }
  }
}

interface ReplyContext<Reply> {
  readonly course: Course;
  readonly resolve: (reply: Reply) => void;
  readonly fail: () => void;
}
