import { BrokerError } from "../core/errors.ts";
import type { Timers } from "../platform/runtime.ts";

/** Longest time that a call of the broker may take, in ms: its own deadlines are shorter. */
const CALL_TIMEOUT_MS = 30_000;

/** Bounds the calls of a broker, one at a time: one that breaks its promise must not silence who waits. */
export class CallDeadline {
  readonly #timers: Timers;
  #giveUp: (() => void) | undefined;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Settles as `reply` does, or rejects with BrokerError once that has taken too long. */
  async bound<Reply>(name: string, reply: Promise<Reply>): Promise<Reply> {
    const { promise, reject } = Promise.withResolvers<never>();
    const giveUp = (): void => {
      reject(new BrokerError(`the broker has not answered ${name}()`));
    };
    const timer = this.#timers.set(giveUp, CALL_TIMEOUT_MS);
    this.#giveUp = giveUp;
    try {
      return await Promise.race([reply, promise]);
    } finally {
      timer.cancel();
      this.#giveUp = undefined;
    }
  }

  /** Ends the wait for the call under way, if there is one. */
  giveUp(): void {
    this.#giveUp?.();
  }
}
