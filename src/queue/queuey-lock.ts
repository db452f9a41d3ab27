import type { Clock } from "../platform/runtime.ts";
import { WORD } from "./queuey-layout.ts";

/** Set in the lock word while somebody may sleep on it. Owners are below it. */
const CONTENDED = 2 ** 30;

/** Tries before a thread that may block goes to sleep: a few us, as long as most holders need. */
const SPINS = 200;

/** Longest spin of a thread that must not block, in ms. A sleep and a wake-up would cost as much. */
const ASYNC_SPIN_MS = 0.02;

/**
 * Longest sleep, in ms. A wake-up may go to a thread that ends, or whose event loop is blocked; then this
 * is how late the others look by themselves.
 */
const SLEEP_MS = 10;

/**
 * The lock of a Queuey: one word, which says who holds it.
 *
 * ```
 *      0  --CAS-->  owner  --exchange-->  0
 *      |              |  somebody waits
 *      |              v
 *      +--CAS-->  owner | CONTENDED  --exchange-->  0, and wakes one
 *        by who has slept
 * ```
 *
 * Who has slept cannot know whether others still sleep, so it takes the lock as contended.
 */
export class QueueyLock {
  readonly #control: Int32Array<SharedArrayBuffer>;
  readonly #owner: number;
  readonly #clock: Clock;
  /** How {@link tryAcquire} takes the lock: contended, once {@link freed} has slept. */
  #nextMark = 0;

  /** @param owner - this thread's id + 1 */
  constructor(control: Int32Array<SharedArrayBuffer>, owner: number, clock: Clock) {
    this.#control = control;
    this.#owner = owner;
    this.#clock = clock;
  }

  /** Blocks this thread until it has the lock, or until a time of the clock: then it returns false. */
  acquireSync(deadlineMs: number): boolean {
    for (let spins = 0; spins < SPINS; spins += 1) if (this.#take(0)) return true;
    for (;;) {
      const word = this.#markContended();
      if (word === 0) {
        if (this.#take(CONTENDED)) return true;
        continue;
      }
      const leftMs = deadlineMs - this.#clock.monotonic();
      if (leftMs <= 0) return this.#take(CONTENDED);
      // Sleeps only if the word is still the one marked: a release in between is not missed.
      Atomics.wait(this.#control, WORD.LOCK, word, Math.min(leftMs, SLEEP_MS));
    }
  }

  /** Spins for a moment that no event loop notices. Await {@link freed} when it returns false. */
  tryAcquire(): boolean {
    const mark = this.#nextMark;
    let isTaken = this.#take(mark);
    if (!isTaken) {
      const untilMs = this.#clock.monotonic() + ASYNC_SPIN_MS;
      do isTaken = this.#take(mark);
      while (!isTaken && this.#clock.monotonic() < untilMs);
    }
    if (isTaken) this.#nextMark = 0;
    return isTaken;
  }

  /** Resolves when the lock may be free; at the latest after some ms. It does not keep the loop alive. */
  async freed(): Promise<void> {
    const word = this.#markContended();
    if (word === 0) return;
    this.#nextMark = CONTENDED;
    // Timed, because an untimed one that nobody wakes stays for ever; there is at most one per caller.
    await Atomics.waitAsync(this.#control, WORD.LOCK, word, SLEEP_MS).value;
  }

  release(): void {
    // exchange, not store: it must see the mark of a waiter that comes at this moment. It also orders:
    // everything written under the lock is visible to whoever takes it next.
    const word = Atomics.exchange(this.#control, WORD.LOCK, 0);
    if ((word & CONTENDED) !== 0) Atomics.notify(this.#control, WORD.LOCK, 1);
  }

  /**
   * Takes the lock from a thread that has ended, if that thread holds it. Of several callers one succeeds:
   * the compareExchange sees the dead owner only once.
   */
  takeOver(deadOwner: number): boolean {
    const word = Atomics.load(this.#control, WORD.LOCK);
    if ((word & ~CONTENDED) !== deadOwner) return false;
    return (
      Atomics.compareExchange(this.#control, WORD.LOCK, word, this.#owner | CONTENDED) === word ||
      this.takeOver(deadOwner)
    );
  }

  #take(mark: number): boolean {
    // A read first: a failed compareExchange would take the cache line away from the holder.
    if (Atomics.load(this.#control, WORD.LOCK) !== 0) return false;
    // compareExchange takes and orders in one: what the last holder wrote is visible from here on.
    return Atomics.compareExchange(this.#control, WORD.LOCK, 0, this.#owner | mark) === 0;
  }

  /** Makes sure that the holder will wake somebody. Returns the word to sleep on, 0 if it is free. */
  #markContended(): number {
    for (;;) {
      const word = Atomics.load(this.#control, WORD.LOCK);
      if (word === 0 || (word & CONTENDED) !== 0) return word;
      const marked = word | CONTENDED;
      if (Atomics.compareExchange(this.#control, WORD.LOCK, word, marked) === word) return marked;
    }
  }
}
