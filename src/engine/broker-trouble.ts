import { type Backoff, backoffMs } from "../core/backoff.ts";
import type { Runtime } from "../platform/runtime.ts";
import { Sleeper } from "./sleeper.ts";

/** Between attempts while the broker fails: at once after a hiccup, kind to one that is down. */
const BROKER_BACKOFF: Backoff = { baseMs: 50, capMs: 10_000 };

/** What fails, for whom. */
export interface BrokerTroubleParts {
  readonly runtime: Runtime;
  readonly queue: string;
  /** What the broker is asked to do, for messages. */
  readonly doing: string;
}

/** How a broker that fails is borne: with longer and longer pauses, and one message. */
export class BrokerTrouble {
  readonly #parts: BrokerTroubleParts;
  readonly #sleeper: Sleeper;
  #failures = 0;
  #retryAtMs = 0;

  constructor(parts: BrokerTroubleParts) {
    this.#parts = parts;
    this.#sleeper = new Sleeper(parts.runtime.timers);
  }

  /** When to try again after a failure, on the monotonic clock. */
  get retryAtMs(): number {
    return this.#retryAtMs;
  }

  /** To be called after a failure. */
  failed(err: unknown): void {
    const { runtime, queue, doing } = this.#parts;
    const { clock, logger, random } = runtime;
    this.#failures += 1;
    this.#retryAtMs = clock.monotonic() + backoffMs(BROKER_BACKOFF, this.#failures, random());
    if (this.#failures > 1) return;
    logger.warn({ err, queue }, `the broker failed to ${doing}, trying again until it works`);
  }

  /** To be called after a failure. Resolves when it is time to try again. */
  async backOff(err: unknown): Promise<void> {
    this.failed(err);
    await this.#sleeper.sleep(this.#retryAtMs - this.#parts.runtime.clock.monotonic());
  }

  /** To be called after a success. */
  recovered(): void {
    if (this.#failures === 0) return;
    const { runtime, queue, doing } = this.#parts;
    const fields = { queue, attempts: this.#failures };
    runtime.logger.warn(fields, `the broker works again: it could ${doing}`);
    this.#failures = 0;
  }

  /** Ends the pause. */
  tryNow(): void {
    this.#retryAtMs = 0;
    this.#sleeper.wake();
  }

  /** Tries again at once, and with short pauses again. */
  hurry(): void {
    this.#failures = 0;
    this.tryNow();
  }
}
