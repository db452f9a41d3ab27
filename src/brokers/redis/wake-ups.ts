import type { WakeUpListener } from "../broker.ts";

/** What wake-ups need of their broker. */
export interface WakeUpsParts {
  /** The broker's id, now. */
  readonly id: () => string;
  /** Called when nobody here looks after a queue that this broker alone was woken for. */
  readonly passOn: (queue: string) => void;
}

/**
 * Who is told that there may be jobs. A script wakes only as many of the brokers that found a queue empty
 * as there are new jobs, so that a lone job does not cost a fetch of each idle process.
 */
export class WakeUps {
  readonly #parts: WakeUpsParts;
  readonly #listeners = new Set<WakeUpListener>();
  /** Queues that this broker found empty, and was not woken for since. */
  readonly #idle = new Set<string>();

  constructor(parts: WakeUpsParts) {
    this.#parts = parts;
  }

  listen(listener: WakeUpListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** What an exchange found. */
  looked(queues: readonly string[], mayHoldMore: boolean): void {
    for (const queue of queues) {
      if (mayHoldMore) this.#idle.delete(queue);
      else this.#idle.add(queue);
    }
  }

  /** The queues on which the cluster may take this broker for idle. */
  get idleQueues(): readonly string[] {
    return [...this.#idle];
  }

  /** Whether the cluster may take this broker for idle on one of the queues. */
  mayBeIdle(queues: readonly string[]): boolean {
    return queues.some((queue) => this.#idle.has(queue));
  }

  /** A message: a queue, or nothing for any; then, after a line feed, the ids of who should look. */
  notified(message: string): void {
    const [queue = "", ids] = message.split("\n");
    if (ids === undefined) {
      this.wake(queue === "" ? undefined : queue);
      return;
    }
    if (!ids.split(",").includes(this.#parts.id())) return;
    this.#idle.delete(queue);
    // Its workers may have stopped since they found the queue empty: then all others must look.
    if (!this.wake(queue)) this.#parts.passOn(queue);
  }

  /** Returns whether anybody looks. */
  wake(queue: string | undefined): boolean {
    let isHeard = false;
    for (const listener of this.#listeners) isHeard = listener(queue) || isHeard;
    return isHeard;
  }

  /** The broker is another one from now on. */
  forget(): void {
    this.#idle.clear();
  }
}
