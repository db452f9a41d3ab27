import type { Runtime, Timer } from "./runtime.ts";

/** What a wait is for. */
export interface Awaited {
  /** In errors. */
  readonly name: string;
  /** How many bytes were sent for it. @defaultValue 0 */
  readonly sentBytes?: number | undefined;
  /** How many bytes the reply may bring, as far as that is known before. @defaultValue 0 */
  readonly expectedBytes?: number | undefined;
}

/** A wait that goes on. */
export interface Wait {
  readonly awaited: Awaited;
  /** On the monotonic clock. */
  readonly startedMs: number;
}

/** For how long replies are waited for that come one after the other, where it is not always for the same time. */
export interface Patience {
  /** Longest time between two looks at the oldest wait, in ms. */
  readonly lookEveryMs: number;
  /** Until when to wait for the oldest reply, as it stands now; on the monotonic clock. */
  untilMs(oldest: Wait, nowMs: number): number;
  /** A reply has come. */
  answered?(wait: Wait): void;
}

/** What deadlines need. */
export interface DeadlinesOptions {
  readonly runtime: Pick<Runtime, "clock" | "timers">;
  /** Longest time that a reply may take, in ms. */
  readonly timeoutMs: number;
  /** What who waits is told; how long the reply had, in ms. */
  readonly late: (awaited: Awaited, boundMs: number) => Error;
  /** @defaultValue the same time for all */
  readonly patience?: Patience;
}

interface BoundedWait extends Wait {
  readonly giveUp: (why: (awaited: Awaited) => Error) => void;
}

/**
 * Bounds how long replies are waited for. One timer stands for all of them: to set and cancel one for each would cost
 * more than all else that a short call does here.
 */
export class Deadlines {
  readonly #options: DeadlinesOptions;
  /** Oldest first. */
  readonly #waits = new Set<BoundedWait>();
  #timer: Timer | undefined;
  /** Of the last wait, on the monotonic clock. */
  #startedAtMs = -Infinity;

  constructor(options: DeadlinesOptions) {
    this.#options = options;
  }

  /** Settles as `reply` does, or rejects once that has taken too long. */
  bound<Reply>(awaited: Awaited, reply: Promise<Reply>): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const wait = this.#begin(awaited, (why) => {
        reject(why(awaited));
      });
      reply.then(
        (value) => {
          this.#waits.delete(wait);
          this.#options.patience?.answered?.(wait);
          resolve(value);
        },
        () => {
          this.#waits.delete(wait);
          // With what the reply rejects.
          resolve(reply);
        },
      );
    });
  }

  /**
   * For who waits without a promise: calls back if it takes too long, with what makes the error. Returns how to say
   * that the wait is over.
   */
  start(awaited: Awaited, giveUp: BoundedWait["giveUp"]): () => void {
    const wait = this.#begin(awaited, giveUp);
    return () => {
      this.#waits.delete(wait);
    };
  }

  #begin(awaited: Awaited, giveUp: BoundedWait["giveUp"]): BoundedWait {
    const startedMs = this.#options.runtime.clock.monotonic();
    const wait = { awaited, startedMs, giveUp };
    this.#startedAtMs = startedMs;
    this.#waits.add(wait);
    if (this.#timer === undefined) this.#lookAgain(this.#untilMs(wait, startedMs), startedMs);
    return wait;
  }

  /** When the oldest wait began, on the monotonic clock; infinite if there is none. */
  get oldestStartedMs(): number {
    for (const { startedMs } of this.#waits) return startedMs;
    return Infinity;
  }

  /** For how long nobody has begun to wait, in ms; 0 while anybody does. */
  get idleMs(): number {
    if (this.#waits.size > 0) return 0;
    return this.#options.runtime.clock.monotonic() - this.#startedAtMs;
  }

  /**
   * Ends all waits at once. Nothing keeps the process alive until the next one.
   * @param why - makes what who waits is told; `late` does by default
   */
  giveUp(why?: (awaited: Awaited) => Error): void {
    const { timeoutMs, late } = this.#options;
    for (const { giveUp } of this.#waits) giveUp(why ?? ((awaited) => late(awaited, timeoutMs)));
    this.#waits.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  readonly #expire = (): void => {
    const fired = this.#timer;
    // A reply that came while the event loop was blocked is not late.
    void this.#options.runtime.timers.yield().then(() => {
      // Otherwise all were given up meanwhile, and others have a timer of their own.
      if (fired === this.#timer) this.#giveUpLate();
    });
  };

  #giveUpLate(): void {
    const { runtime, late } = this.#options;
    const nowMs = runtime.clock.monotonic();
    this.#timer = undefined;
    for (const wait of this.#waits) {
      const untilMs = this.#untilMs(wait, nowMs);
      if (untilMs > nowMs) {
        this.#lookAgain(untilMs, nowMs);
        return;
      }
      this.#waits.delete(wait);
      wait.giveUp((awaited) => late(awaited, untilMs - wait.startedMs));
    }
  }

  #untilMs(wait: Wait, nowMs: number): number {
    const { timeoutMs, patience } = this.#options;
    return patience?.untilMs(wait, nowMs) ?? wait.startedMs + timeoutMs;
  }

  #lookAgain(untilMs: number, nowMs: number): void {
    const { runtime, patience } = this.#options;
    const delayMs = Math.min(untilMs - nowMs, patience?.lookEveryMs ?? Infinity);
    this.#timer = runtime.timers.set(this.#expire, Math.ceil(delayMs));
  }
}
