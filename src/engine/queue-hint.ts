import type { Clock } from "../platform/runtime.ts";

/** Longest time between looks at a queue, in ms: whatever else there is to do, a wake-up may have been lost. */
export const LOOK_EVERY_MS = 60_000;

/** Whether a queue may hold jobs: from a wake-up until a trip finds it empty, and again a minute later. */
export class QueueHint {
  readonly #clock: Clock;
  #isWoken = true;
  #lookAtMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get mayHoldJobs(): boolean {
    return this.#isWoken || this.#lookAtMs <= this.#clock.monotonic();
  }

  /** When it may hold jobs without a wake-up, on the monotonic clock; infinite if it may by now. */
  get lookAtMs(): number {
    return this.mayHoldJobs ? Infinity : this.#lookAtMs;
  }

  /** It may hold jobs. */
  woken(): void {
    this.#isWoken = true;
  }

  /** A trip looks into it. To be called before: a wake-up that comes meanwhile must be heard. */
  looks(): void {
    this.#isWoken = false;
    this.#lookAtMs = this.#clock.monotonic() + LOOK_EVERY_MS;
  }
}
