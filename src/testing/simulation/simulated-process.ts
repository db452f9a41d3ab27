import type { Logger, LogMethod } from "../../platform/logger.ts";
import type { Runtime, Timer } from "../../platform/runtime.ts";
import type { BrokerCall } from "../fault-broker.ts";
import type { Fate } from "./scenario.ts";
import { EPOCH_MS, type Owner, type World } from "./world.ts";

/** A process of the simulated cluster: its clock, its timers, its chance, and how it is. */
export class SimulatedProcess implements Owner {
  readonly name: string;
  readonly runtime: Runtime;
  readonly #world: World;
  readonly #fates = new Map<BrokerCall, Fate[]>();
  #skewMs: number;
  #isDead = false;
  #hasLeft = false;
  #heldUntilMs = 0;
  #frozenUntilMs = 0;
  #disconnectedUntilMs = 0;
  /** Timers of its engine that are set. */
  pendingTimers = 0;
  /** For how long it was held so far, in ms, up to the end of what holds it now. */
  heldMs = 0;
  /** Called when its heartbeats may not come from now on. */
  onSilent: (() => void) | undefined;

  constructor(world: World, name: string, skewMs: number) {
    this.name = name;
    this.#world = world;
    this.#skewMs = skewMs;
    this.runtime = {
      clock: { now: () => EPOCH_MS + world.nowMs + this.#skewMs, monotonic: () => world.nowMs },
      timers: {
        set: (callback, delayMs) => this.#setTimer(callback, delayMs),
        yield: () => this.sleep(0),
      },
      random: world.random,
      newId: () => world.newId(),
      logger: this.#logger(),
    };
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  get heldUntilMs(): number {
    return this.#heldUntilMs;
  }

  /** Whether messages get from and to it, as far as it is concerned. */
  get isConnected(): boolean {
    return !this.#isDead && this.#disconnectedUntilMs <= this.#world.nowMs;
  }

  /** Whether its heartbeats come. */
  get isBeating(): boolean {
    return this.isConnected && !this.#hasLeft && this.#frozenUntilMs <= this.#world.nowMs;
  }

  /** Whether it has closed its broker: no heartbeat comes any more. */
  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  /** When it is well again by itself, on the world's clock. */
  get illUntilMs(): number {
    return Math.max(this.#heldUntilMs, this.#disconnectedUntilMs);
  }

  /** Nothing of it happens any more. */
  kill(): void {
    this.#isDead = true;
    this.#world.say(() => `${this.name} dies`);
    this.onSilent?.();
  }

  /** It has closed its broker. */
  leave(): void {
    this.#hasLeft = true;
    this.onSilent?.();
  }

  /** Its callbacks wait, in ms. */
  block(forMs: number): void {
    const untilMs = this.#world.nowMs + forMs;
    const fromMs = Math.max(this.#heldUntilMs, this.#world.nowMs);
    this.heldMs += Math.max(0, untilMs - fromMs);
    this.#heldUntilMs = Math.max(this.#heldUntilMs, untilMs);
  }

  /** It stands still as a whole, in ms. */
  freeze(forMs: number): void {
    this.block(forMs);
    this.#frozenUntilMs = Math.max(this.#frozenUntilMs, this.#world.nowMs + forMs);
    this.onSilent?.();
  }

  disconnect(forMs: number): void {
    this.#disconnectedUntilMs = Math.max(this.#disconnectedUntilMs, this.#world.nowMs + forMs);
    this.onSilent?.();
  }

  jump(byMs: number): void {
    this.#skewMs += byMs;
  }

  /** No call meets a fate any more. */
  forgive(): void {
    this.#fates.clear();
  }

  /** The next such call meets this fate. */
  plan(call: BrokerCall, fate: Fate): void {
    this.#fates.set(call, [...(this.#fates.get(call) ?? []), fate]);
  }

  takeFate(call: BrokerCall): Fate | undefined {
    return this.#fates.get(call)?.shift();
  }

  /** What is no timer of its engine: a task's, or the broker's own. */
  sleep(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#world.after(ms, this, resolve);
    return promise;
  }

  #setTimer(callback: () => void, delayMs: number): Timer {
    this.pendingTimers += 1;
    let isPending = true;
    const done = (): void => {
      if (isPending) this.pendingTimers -= 1;
      isPending = false;
    };
    const event = this.#world.after(delayMs, this, () => {
      done();
      callback();
    });
    return {
      cancel: () => {
        done();
        event.cancel();
      },
    };
  }

  #logger(): Logger {
    const world = this.#world;
    const log =
      (level: string): LogMethod =>
      (_fields, message) => {
        world.say(() => `${this.name} logs ${level}: ${message}`);
      };
    const isTraced = world.trace !== undefined;
    return {
      debug: log("debug"),
      info: log("info"),
      warn: log("warn"),
      error: log("error"),
      isLevelEnabled: (level) => isTraced && level !== "info" && level !== "debug",
    };
  }
}
