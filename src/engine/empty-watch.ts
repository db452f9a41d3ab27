import type { BoundedBroker } from "./bounded-broker.ts";

/** The parts that the watch stands between. */
export interface EmptyWatchParts {
  readonly broker: BoundedBroker;
  readonly queue: string;
  /** Called when the queue is found empty and nothing is to be done here; `undefined` to never ask. */
  readonly onQueueEmpty: (() => void) | undefined;
  /** Whether nothing is to be done here, as far as this process knows. */
  readonly isDone: () => boolean;
}

/** Finds out that a queue is empty, for workers that stop then: it asks once after each trip. */
export class EmptyWatch {
  readonly #parts: EmptyWatchParts;
  #mayBeEmpty = false;

  constructor(parts: EmptyWatchParts) {
    this.#parts = parts;
  }

  /** A trip was made: its queue may be empty now. */
  mayBeEmpty(): void {
    this.#mayBeEmpty = this.#parts.onQueueEmpty !== undefined;
  }

  get mustAsk(): boolean {
    return this.#mayBeEmpty && this.#parts.isDone();
  }

  async ask(): Promise<void> {
    const { broker, queue, onQueueEmpty, isDone } = this.#parts;
    const isEmpty = await broker.isQueueEmpty(queue);
    this.#mayBeEmpty = false;
    if (isEmpty && isDone()) onQueueEmpty?.();
  }
}
