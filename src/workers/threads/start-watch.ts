import type { Timer, Timers } from "../../platform/runtime.ts";

/** Until the first look, in ms: most jobs that end soon have ended by then. */
const FIRST_LOOK_MS = 2;

/** Longest time between looks while nothing starts, because no thread lives for example, in ms. */
const LAST_LOOK_MS = 1000;

/** What is watched. */
export interface StartWatchParts {
  readonly timers: Timers;
  /** Whether a job waits that a thread may just have started. */
  readonly mayHaveStarted: () => boolean;
  readonly look: () => void;
}

/**
 * Notices that jobs have started. A thread does not wake its pool for that: the job may end at once, and two
 * wake-ups instead of one make a short job half as long again. So the pool looks by itself, a moment later.
 */
export class StartWatch {
  readonly #parts: StartWatchParts;
  #timer: Timer | undefined;
  #delayMs = FIRST_LOOK_MS;

  constructor(parts: StartWatchParts) {
    this.#parts = parts;
  }

  /** Jobs came, or a thread told something. */
  expect(): void {
    this.#delayMs = FIRST_LOOK_MS;
    if (this.#timer === undefined && this.#parts.mayHaveStarted()) this.#wait();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #wait(): void {
    this.#timer = this.#parts.timers.set(() => {
      this.#timer = undefined;
      this.#delayMs = Math.min(2 * this.#delayMs, LAST_LOOK_MS);
      this.#parts.look();
      if (this.#timer === undefined && this.#parts.mayHaveStarted()) this.#wait();
    }, this.#delayMs);
  }
}
