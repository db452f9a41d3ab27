import { isRunnable } from "../core/task.ts";
import type { Runtime } from "../platform/runtime.ts";
import type { Yielder } from "../platform/yielder.ts";
import type { BoundedBroker } from "./bounded-broker.ts";
import { BrokerTrouble } from "./broker-trouble.ts";
import { Registration } from "./registration.ts";
import { Sleeper } from "./sleeper.ts";
import type { TaskCatalog } from "./task-catalog.ts";
import { TickPlan } from "./tick-plan.ts";

/** Longest sleep, in ms: timers cannot be set for all times. */
const LONGEST_SLEEP_MS = 60_000;

/** A trip tells each time when something is due, give or take this, in ms: less does not end a sleep. */
const PRECISION_MS = 1;

/** The parts that the upkeep stands between. */
export interface UpkeepParts {
  readonly broker: BoundedBroker;
  readonly queue: string;
  readonly tasks: TaskCatalog;
  readonly runtime: Runtime;
  readonly yielder: Yielder;
  /** Called when the tasks are registered as they are, and after each step. */
  readonly onStep: () => void;
}

/**
 * What a process does for the namespace beside running jobs: it registers its tasks, and has due jobs promoted.
 * It goes its own way, so that a call that fails or hangs here keeps no job from being fetched or from ending;
 * each of the two has its own pauses, so that neither keeps the other.
 *
 * ```
 *   start ---> step: [register] [tick] ------------> asleep
 *               ^                                      |
 *               +--- due, outdated, end of a pause ----+
 * ```
 */
export class Upkeep {
  readonly #parts: UpkeepParts;
  readonly #sleeper: Sleeper;
  readonly #registration: Registration;
  readonly #plan: TickPlan;
  readonly #registering: BrokerTrouble;
  readonly #ticking: BrokerTrouble;
  #isStopped = false;
  /** Until when it sleeps, on the monotonic clock; 0 while it does not. */
  #sleepsUntilMs = 0;
  #isInCall = false;
  /** Whether something was planned when the broker last said so. */
  #isPlanned = false;
  #loop: Promise<void> | undefined;

  constructor(parts: UpkeepParts) {
    const { runtime, queue } = parts;
    this.#parts = parts;
    this.#sleeper = new Sleeper(runtime.timers);
    this.#registration = new Registration(runtime.clock);
    this.#plan = new TickPlan(runtime.clock);
    this.#registering = new BrokerTrouble({ runtime, queue, doing: "register tasks" });
    this.#ticking = new BrokerTrouble({ runtime, queue, doing: "promote due jobs" });
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Begins nothing new. Resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#sleeper.wake();
    await this.#loop;
  }

  /** Whether the broker has acknowledged the tasks as they are: before that, nothing may be fetched. */
  get isRegistered(): boolean {
    return this.#registration.isAcknowledged;
  }

  /** Whether nothing is due or under way. */
  get isSettled(): boolean {
    return !this.#isInCall && !this.#isDue(this.#dueAtMs);
  }

  /** The broker does not know the tasks as they are, or may have forgotten them: they are registered at once. */
  outdated(): void {
    this.#registration.outdated();
    this.tryNow();
  }

  /** A trip told when something is due, in ms from now; `undefined` if nothing is planned. */
  told(nextDueMs: number | undefined): void {
    this.#plan.told(nextDueMs);
    this.#heard(nextDueMs);
    if (this.#dueAtMs < this.#sleepsUntilMs - PRECISION_MS) this.#sleeper.wake();
  }

  /** Ends the pauses after failures. */
  tryNow(): void {
    this.#registering.tryNow();
    this.#ticking.tryNow();
    this.#sleeper.wake();
  }

  /** Does what is due. */
  async step(): Promise<void> {
    if (this.#isDue(this.#registerAtMs)) await this.#attempt(this.#registering, this.#register);
    if (this.#isDue(this.#tickAtMs)) await this.#attempt(this.#ticking, this.#tick);
    this.#parts.onStep();
  }

  async #run(): Promise<void> {
    const { yielder } = this.#parts;
    while (!this.#isStopped) {
      await this.step();
      // A backlog takes many steps, none of which need wait.
      if (yielder.isDue) await yielder.yield();
      await this.#sleep();
    }
  }

  async #attempt(trouble: BrokerTrouble, call: () => Promise<void>): Promise<void> {
    if (this.#isStopped) return;
    this.#isInCall = true;
    try {
      await call();
      trouble.recovered();
    } catch (error) {
      if (!this.#isStopped) trouble.failed(error);
    } finally {
      this.#isInCall = false;
    }
  }

  readonly #register = async (): Promise<void> => {
    const { broker, tasks, onStep } = this.#parts;
    const wasKnown = this.isRegistered;
    await this.#registration.make(() => broker.register(tasks.all));
    if (wasKnown || !this.isRegistered) return;
    // Whatever is planned: a period may be new.
    this.#plan.told(0);
    onStep();
  };

  readonly #tick = async (): Promise<void> => {
    const { nextDueMs } = await this.#parts.broker.tick();
    this.#plan.ticked(nextDueMs);
    this.#heard(nextDueMs);
  };

  /** Where nothing is planned any more though this process has periodic tasks, the store may have lost them. */
  #heard(nextDueMs: number | undefined): void {
    const { tasks } = this.#parts;
    const wasPlanned = this.#isPlanned;
    this.#isPlanned = nextDueMs !== undefined;
    if (this.#isPlanned || !wasPlanned || !this.isRegistered) return;
    if (tasks.all.some((task) => isRunnable(task) && task.periodicityMs !== undefined)) {
      this.outdated();
    }
  }

  /** Not at all if something is due, or it was stopped. */
  async #sleep(): Promise<void> {
    const nowMs = this.#parts.runtime.clock.monotonic();
    if (this.#isStopped || this.#dueAtMs <= nowMs) return;
    this.#sleepsUntilMs = Math.min(this.#dueAtMs, nowMs + LONGEST_SLEEP_MS);
    await this.#sleeper.sleep(Math.ceil(this.#sleepsUntilMs - nowMs));
    this.#sleepsUntilMs = 0;
  }

  #isDue(atMs: number): boolean {
    return atMs <= this.#parts.runtime.clock.monotonic();
  }

  get #dueAtMs(): number {
    return Math.min(this.#registerAtMs, this.#tickAtMs);
  }

  get #registerAtMs(): number {
    return Math.max(this.#registration.dueAtMs, this.#registering.retryAtMs);
  }

  get #tickAtMs(): number {
    return Math.max(this.#plan.dueAtMs, this.#ticking.retryAtMs);
  }
}
