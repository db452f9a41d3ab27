import type { Clock } from "../platform/runtime.ts";

/**
 * How often the tasks are registered again, in ms: a Python process that starts deletes the periods and
 * limits of others, and a broker forgets tasks that nobody registers.
 */
const REGISTER_EVERY_MS = 120_000;

/**
 * When the tasks of this process are to be registered, and whether what it has now is acknowledged: nothing
 * of a task may be fetched before, since the store would not keep its limit.
 */
export class Registration {
  readonly #clock: Clock;
  #dueAtMs = 0;
  #isAcknowledged = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether the broker knows the tasks as they are now. */
  get isAcknowledged(): boolean {
    return this.#isAcknowledged;
  }

  /** On the monotonic clock. */
  get dueAtMs(): number {
    return this.#dueAtMs;
  }

  /** The broker does not know the tasks as they are, or may have forgotten them. */
  outdated(): void {
    this.#isAcknowledged = false;
    this.#dueAtMs = 0;
  }

  /** Makes it. Rejects as `register` does, and is due again then. */
  async make(register: () => Promise<void>): Promise<void> {
    // Before the call: what is outdated meanwhile must be registered once more.
    const nextAtMs = this.#clock.monotonic() + REGISTER_EVERY_MS;
    this.#dueAtMs = nextAtMs;
    try {
      await register();
      if (this.#dueAtMs === nextAtMs) this.#isAcknowledged = true;
    } catch (error) {
      this.#dueAtMs = 0;
      throw error;
    }
  }
}
