/** Longest delay of a timer, in ms. It never matters: the timer does nothing. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** One for the whole thread: an interval that is off still costs an entry in Node's list of timers. */
let interval: NodeJS.Timeout | undefined;
let holders = 0;

/**
 * Keeps the event loop of this thread alive while somebody waits for what the loop does not count as
 * work, such as `Atomics.waitAsync`.
 */
export class KeepAlive {
  #isHeld = false;

  /** From now on the thread does not end by itself. Twice is as once. */
  hold(): void {
    if (this.#isHeld) return;
    this.#isHeld = true;
    holders += 1;
    interval ??= setInterval(nothing, LONGEST_DELAY_MS);
    if (holders === 1) interval.ref();
  }

  /** This holder no longer minds. */
  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    holders -= 1;
    if (holders === 0) interval?.unref();
  }
}

function nothing(): void {
  // It is there, that is all.
}
