import { randomUUID } from "node:crypto";

import { MAX_TIMER_MS } from "../core/constants.ts";
import { consoleLogger } from "./console-logger.ts";
import type { Logger } from "./logger.ts";

/** Reads the time. */
export interface Clock {
  /** Epoch time in ms; it may jump. */
  now(): number;
  /** Time in ms since some start; it never goes back. Only differences mean something. */
  monotonic(): number;
}

/** A timer that was set. Cancelling it twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

/** Sets timers. */
export interface Timers {
  /** Calls back once, after `delayMs` (at most 2^31 - 1); it keeps the process alive until then. */
  set(callback: () => void, delayMs: number): Timer;
  /** Lets the event loop take in sockets and timers, then goes on. */
  yield(): Promise<void>;
}

/** The only door to time, chance and the log: what a test replaces to own them. */
export interface Runtime {
  readonly clock: Clock;
  readonly timers: Timers;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** A new UUID. */
  readonly newId: () => string;
  readonly logger: Logger;
}

/** The clock of Node. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

/** The timers of Node. */
export const systemTimers: Timers = {
  set(callback, delayMs) {
    // Node takes one that is longer for 1 ms.
    const timer = setTimeout(callback, Math.min(delayMs, MAX_TIMER_MS));
    return {
      cancel: () => {
        clearTimeout(timer);
      },
    };
  },
  yield: () =>
    new Promise((resolve) => {
      setImmediate(resolve);
    }),
};

/** The real world. */
export function systemRuntime(): Runtime {
  return {
    clock: systemClock,
    timers: systemTimers,
    random: () => Math.random(),
    newId: () => randomUUID(),
    logger: consoleLogger,
  };
}
