import type { Runtime, Timer } from "./runtime.ts";

/** What deadlines need. */
export interface DeadlinesOptions {
  readonly runtime: Pick<Runtime, "clock" | "timers">;
  /** Longest time that a reply may take, in ms. */
  readonly timeoutMs: number;
  /** What who waits is told, of a call by its name. */
  readonly late: (name: string) => Error;
}

interface Wait {
  readonly untilMs: number;
  readonly giveUp: () => void;
}

/**
 * Bounds how long replies are waited for. One timer stands for all of them: to set and cancel one for each would cost
 * more than all else that a short call does here.
 */
export class Deadlines {
  readonly #options: DeadlinesOptions;
  /** Oldest first. */
  readonly #waits = new Set<Wait>();
  #timer: Timer | undefined;

  constructor(options: DeadlinesOptions) {
    this.#options = options;
  }

  /** Settles as `reply` does, or rejects once that has taken too long. */
  bound<Reply>(name: string, reply: Promise<Reply>): Promise<Reply> {
    const { runtime, timeoutMs, late } = this.#options;
    return new Promise((resolve, reject) => {
      const wait: Wait = {
        untilMs: runtime.clock.monotonic() + timeoutMs,
        giveUp: () => {
          reject(late(name));
        },
      };
      this.#waits.add(wait);
      this.#timer ??= runtime.timers.set(this.#expire, timeoutMs);
      reply.then(
        (value) => {
          this.#waits.delete(wait);
          resolve(value);
        },
        (error: unknown) => {
          this.#waits.delete(wait);
          // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- what the reply rejects with
          reject(error);
        },
      );
    });
  }

  /** Ends all waits as if their time were over. Nothing keeps the process alive until the next one. */
  giveUp(): void {
    for (const { giveUp } of this.#waits) giveUp();
    this.#waits.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  readonly #expire = (): void => {
    this.#timer = undefined;
    // A reply that came while the event loop was blocked is not late.
    void this.#options.runtime.timers.yield().then(this.#giveUpLate);
  };

  readonly #giveUpLate = (): void => {
    const { clock, timers } = this.#options.runtime;
    const nowMs = clock.monotonic();
    for (const wait of this.#waits) {
      if (wait.untilMs > nowMs) {
        this.#timer ??= timers.set(this.#expire, Math.ceil(wait.untilMs - nowMs));
        return;
      }
      this.#waits.delete(wait);
      wait.giveUp();
    }
  };
}
