import type { Timers } from "../platform/runtime.ts";

/** Sleeps for a time, or until woken. For one sleeper at a time. */
export class Sleeper {
  readonly #timers: Timers;
  #wake: (() => void) | undefined;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Resolves to whether it was woken before its time. */
  async sleep(delayMs: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = this.#timers.set(() => {
      resolve(false);
    }, delayMs);
    this.#wake = () => {
      resolve(true);
    };
    const woken = await promise;
    timer.cancel();
    this.#wake = undefined;
    return woken;
  }

  /** Whether it sleeps, and nobody has woken it. */
  get isAsleep(): boolean {
    return this.#wake !== undefined;
  }

  /** Ends the sleep; nothing if there is none. */
  wake(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
