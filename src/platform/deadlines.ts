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
  readonly giveUp: (why: (name: string) => Error) => void;
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
  /** Of the last wait, on the monotonic clock. */
  #startedAtMs = -Infinity;

  constructor(options: DeadlinesOptions) {
    this.#options = options;
  }

  /** Settles as `reply` does, or rejects once that has taken too long. */
  bound<Reply>(name: string, reply: Promise<Reply>): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const endWait = this.start((why) => {
        reject(why(name));
      });
      reply.then(
        (value) => {
          endWait();
          resolve(value);
        },
        () => {
          endWait();
          // With what the reply rejects.
          resolve(reply);
        },
      );
    });
  }

  /**
   * For who waits without a promise: calls back if it takes too long, with what makes the error of a name. Returns
   * how to say that the wait is over.
   */
  start(giveUp: Wait["giveUp"]): () => void {
    const { runtime, timeoutMs } = this.#options;
    const nowMs = runtime.clock.monotonic();
    this.#startedAtMs = nowMs;
    const wait: Wait = { untilMs: nowMs + timeoutMs, giveUp };
    this.#waits.add(wait);
    this.#timer ??= runtime.timers.set(this.#expire, timeoutMs);
    return () => {
      this.#waits.delete(wait);
    };
  }

  /** For how long nobody has begun to wait, in ms; 0 while anybody does. */
  get idleMs(): number {
    if (this.#waits.size > 0) return 0;
    return this.#options.runtime.clock.monotonic() - this.#startedAtMs;
  }

  /**
   * Ends all waits at once. Nothing keeps the process alive until the next one.
   * @param why - as `late`, which it is by default
   */
  giveUp(why: (name: string) => Error = this.#options.late): void {
    for (const { giveUp } of this.#waits) giveUp(why);
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
      if (wait.untilMs > nowMs) {
        this.#timer = runtime.timers.set(this.#expire, Math.ceil(wait.untilMs - nowMs));
        return;
      }
      this.#waits.delete(wait);
      wait.giveUp(late);
    }
  }
}
