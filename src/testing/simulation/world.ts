import { settled } from "../fake-runtime.ts";
import { type Random, seededRandom } from "../seeded-random.ts";

/** Who an event belongs to: it waits while its owner is held, and never comes if the owner is dead. */
export interface Owner {
  readonly isDead: boolean;
  /** On the world's clock, in ms. */
  readonly heldUntilMs: number;
}

/** An event to come. */
export interface WorldEvent {
  cancel(): void;
}

interface Entry {
  readonly atMs: number;
  readonly tie: number;
  readonly owner: Owner | undefined;
  readonly run: () => void;
  isCancelled: boolean;
}

/** Epoch time, in ms, at which every simulation starts. */
export const EPOCH_MS: number = Date.UTC(2026, 0, 1);

/**
 * Simulated time, and the scheduler: of all that is ready in the same millisecond, chance, which the seed
 * determines, chooses what runs next. Between two events all promises that can settle do.
 */
export class World {
  readonly random: Random;
  /** What happened, line by line, if it is recorded. */
  readonly trace: string[] | undefined;
  /** The next one last. There are few: a sorted list is faster than a heap. */
  readonly #events: Entry[] = [];
  #nowMs = 0;

  constructor(seed: number, isTraced: boolean) {
    this.random = seededRandom(seed);
    this.trace = isTraced ? [] : undefined;
  }

  /** Time since the start, in ms: the broker's clock, and true time. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number {
    return min + Math.floor(this.random() * (max - min + 1));
  }

  /** A UUID in form, from two numbers: a run makes hundreds. */
  newId(): string {
    const hex = (digits: number): string =>
      Math.floor(this.random() * 16 ** digits)
        .toString(16)
        .padStart(digits, "0");
    return `${hex(8)}-0000-4000-8000-${hex(12)}`;
  }

  /** Plans an event. One without an owner belongs to the network, or to the broker. */
  after(delayMs: number, owner: Owner | undefined, run: () => void): WorldEvent {
    const atMs = this.#nowMs + Math.max(0, delayMs);
    const entry: Entry = { atMs, tie: this.random(), owner, run, isCancelled: false };
    this.#insert(entry);
    return {
      cancel: () => {
        entry.isCancelled = true;
      },
    };
  }

  /** Runs the next event, and what follows from it. Returns whether there was one by that time. */
  async step(untilMs: number): Promise<boolean> {
    const entry = this.#next(untilMs);
    if (entry === undefined) {
      this.#nowMs = Math.max(this.#nowMs, untilMs);
      return false;
    }
    this.#nowMs = Math.max(this.#nowMs, entry.atMs);
    entry.run();
    await settled();
    return true;
  }

  /** Records a line; it is made only if it is recorded. */
  say(line: () => string): void {
    this.trace?.push(`${(this.#nowMs / 1000).toFixed(3).padStart(8)}  ${line()}`);
  }

  #next(untilMs: number): Entry | undefined {
    for (;;) {
      const entry = this.#events.at(-1);
      if (entry === undefined || entry.atMs > untilMs) return undefined;
      this.#events.pop();
      if (entry.isCancelled || entry.owner?.isDead === true) continue;
      const heldUntilMs = entry.owner?.heldUntilMs ?? 0;
      if (heldUntilMs <= entry.atMs) return entry;
      // A copy would lose its cancel().
      this.#insert(Object.assign(entry, { atMs: heldUntilMs }));
    }
  }

  #insert(entry: Entry): void {
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#events[middle];
      if (other !== undefined && isBefore(entry, other)) low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, entry);
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.tie < other.tie);
}
