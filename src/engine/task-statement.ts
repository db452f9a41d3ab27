import type { Clock } from "../platform/runtime.ts";

/**
 * How often the tasks are stated to the broker again, in ms: a Python process that starts deletes the
 * periods and limits of others, and a broker forgets tasks that nobody states.
 */
const STATE_EVERY_MS = 120_000;

/** When the tasks of this process are to be stated to the broker. */
export class TaskStatement {
  readonly #clock: Clock;
  #dueAtMs = 0;
  #wasMade = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether the broker has heard of the tasks at all. Before that no job is taken: its limit might not be known. */
  get wasMade(): boolean {
    return this.#wasMade;
  }

  /** On the monotonic clock. */
  get dueAtMs(): number {
    return this.#dueAtMs;
  }

  get isDue(): boolean {
    return this.#dueAtMs <= this.#clock.monotonic();
  }

  /** Tasks were added: the broker must hear of them. */
  outdated(): void {
    this.#dueAtMs = 0;
  }

  /** Makes it. Rejects as `state` does, and is due again then. */
  async make(state: () => Promise<void>): Promise<void> {
    // Before the call: tasks that are added meanwhile must be stated too.
    this.#dueAtMs = this.#clock.monotonic() + STATE_EVERY_MS;
    try {
      await state();
      this.#wasMade = true;
    } catch (error) {
      this.outdated();
      throw error;
    }
  }
}
