import type { Clock } from "../platform/runtime.ts";

/** What is planned is looked at so often at least, in ms: only a tick finds out that a clock was set back. */
const TICK_EVERY_MS = 60_000;

/** When to tick next, on the monotonic clock. */
export class TickPlan {
  readonly #clock: Clock;
  #dueAtMs = 0;
  #tickedAtMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Infinite if nothing is planned. */
  get dueAtMs(): number {
    return this.#dueAtMs;
  }

  /** A tick told when the next one is due. */
  ticked(nextDueMs: number | undefined): void {
    this.#tickedAtMs = this.#clock.monotonic();
    this.told(nextDueMs);
  }

  /** A trip told when the next tick is due, in ms from now; `undefined` if nothing is planned. */
  told(nextDueMs: number | undefined): void {
    if (nextDueMs === undefined) this.#dueAtMs = Infinity;
    else {
      const dueAtMs = this.#clock.monotonic() + nextDueMs;
      this.#dueAtMs = Math.min(dueAtMs, this.#tickedAtMs + TICK_EVERY_MS);
    }
  }
}
