import type { StoredJob } from "../../core/job.ts";
import type { JobsAhead } from "../workers.ts";

/** Jobs that wait in the queue of the threads for each that they can run, while jobs are short. */
const AHEAD_PER_SLOT = 64;

/** Most of them: with so many slots no thread ever finds the queue empty for want of a trip. */
const MAX_AHEAD = 65_536;

/** What the room of a pool depends on. */
export interface PoolRoomParts {
  /** Most jobs at once. */
  readonly number: number;
  /** Those that the threads that work can run at once. */
  readonly slots: () => number;
  /** Jobs that were submitted and have not ended. */
  readonly held: () => number;
  readonly isStopping: () => boolean;
  readonly takeBack: () => readonly StoredJob[];
}

/** How many jobs a pool takes now: those that can start, and those that wait for them to end. */
export class PoolRoom implements JobsAhead {
  readonly maxAhead: number;
  readonly #parts: PoolRoomParts;

  constructor(parts: PoolRoomParts) {
    this.#parts = parts;
    this.maxAhead = Math.min(parts.number * AHEAD_PER_SLOT, MAX_AHEAD);
  }

  /** How many jobs can start now. */
  get availableSlots(): number {
    const { held, isStopping } = this.#parts;
    return isStopping() ? 0 : Math.max(0, this.#capacity - held());
  }

  get room(): number {
    return this.#parts.isStopping() || this.#capacity === 0 ? 0 : this.maxAhead - this.count;
  }

  get count(): number {
    return Math.max(0, this.#parts.held() - this.#capacity);
  }

  takeBack(): readonly StoredJob[] {
    return this.#parts.takeBack();
  }

  /** Jobs at once: fewer while a thread ends or starts, or is in native code for ever. */
  get #capacity(): number {
    return Math.min(this.#parts.number, this.#parts.slots());
  }
}
