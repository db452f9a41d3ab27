import { type Backoff, backoffMs } from "../core/backoff.ts";
import type { Runtime } from "../platform/runtime.ts";
import { Sleeper } from "./sleeper.ts";

/** Between attempts while the broker fails: at once after a hiccup, kind to one that is down. */
const BROKER_BACKOFF: Backoff = { baseMs: 50, capMs: 10_000 };

/** How an arbiter bears a broker that fails: it waits longer and longer, and says so once. */
export class BrokerTrouble {
  readonly #runtime: Runtime;
  readonly #queue: string;
  readonly #sleeper: Sleeper;
  #failures = 0;

  constructor({ runtime, queue }: { readonly runtime: Runtime; readonly queue: string }) {
    this.#runtime = runtime;
    this.#queue = queue;
    this.#sleeper = new Sleeper(runtime.timers);
  }

  /** To be called after a failure. Resolves when it is time to try again. */
  async backOff(err: unknown): Promise<void> {
    const { logger, random } = this.#runtime;
    this.#failures += 1;
    if (this.#failures === 1) {
      logger.warn({ err, queue: this.#queue }, "the broker failed, trying again until it works");
    }
    await this.#sleeper.sleep(backoffMs(BROKER_BACKOFF, this.#failures, random()));
  }

  /** To be called after a success. */
  recovered(): void {
    if (this.#failures === 0) return;
    const fields = { queue: this.#queue, attempts: this.#failures };
    this.#runtime.logger.warn(fields, "the broker works again");
    this.#failures = 0;
  }

  /** Ends the pause. */
  tryNow(): void {
    this.#sleeper.wake();
  }

  /** Tries again at once, and with short pauses again. */
  hurry(): void {
    this.#failures = 0;
    this.tryNow();
  }
}
