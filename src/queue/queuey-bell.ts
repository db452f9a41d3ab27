import { AdaptiveSpin } from "../platform/adaptive-spin.ts";
import { systemClock } from "../platform/runtime.ts";
import type { WORD } from "./queuey-layout.ts";

/**
 * Longest sleep of who waits, in ms. A wake-up may go to a thread that ends, or to an event loop that is
 * blocked; then this is how late the others look by themselves. One look a second costs nothing.
 */
const SLEEP_MS = 1000;

type SyncWord = typeof WORD.ITEMS_SYNC | typeof WORD.SPACE_SYNC;
type AsyncWord = typeof WORD.ITEMS_ASYNC | typeof WORD.SPACE_ASYNC;

/** How a bell wakes those who wait. */
export interface BellWords {
  readonly sync: SyncWord;
  readonly async: AsyncWord;
}

/**
 * Tells waiting threads of news: of items, or of space. Who waits reads the number, looks for what it
 * wants, and sleeps only if the number is still the same. Who makes news first changes the number, then
 * wakes. So no news is missed between the look and the sleep, and a wake-up says nothing but "look again".
 *
 * Threads that block and threads that await have words of their own: a blocked thread that is woken runs at
 * once, while an event loop may be busy for long. So blocked ones are woken first.
 */
export class QueueyBell {
  readonly #control: Int32Array<SharedArrayBuffer>;
  readonly #words: BellWords;
  readonly #spin = new AdaptiveSpin();

  constructor(control: Int32Array<SharedArrayBuffer>, words: BellWords) {
    this.#control = control;
    this.#words = words;
  }

  /** There is news for one thread, or for all (Infinity). To be called after the news can be seen. */
  ring(howMany: number): void {
    // Before the wake-up: who is about to sleep sees another number, and does not.
    Atomics.add(this.#control, this.#words.sync, 1);
    Atomics.add(this.#control, this.#words.async, 1);
    this.pass(howMany);
  }

  /** Wakes others for news that was told before: who was woken for it leaves some of it, or all. */
  pass(howMany: number): void {
    const woken = Atomics.notify(this.#control, this.#words.sync, howMany);
    if (woken < howMany) Atomics.notify(this.#control, this.#words.async, howMany);
  }

  readSync(): number {
    return Atomics.load(this.#control, this.#words.sync);
  }

  /** Blocks this thread until news came since the number was read, or a time in ms has passed. */
  sleepSync(seen: number, leftMs: number): void {
    const fromMs = systemClock.monotonic();
    if (this.#spin.isWorthIt && this.#spins(seen, fromMs + Math.min(leftMs, AdaptiveSpin.MAX_MS)))
      return;
    Atomics.wait(this.#control, this.#words.sync, seen, Math.min(leftMs, SLEEP_MS));
    this.#spin.slept(systemClock.monotonic() - fromMs);
  }

  /** Waits awake. Returns whether there was news in time. */
  #spins(seen: number, untilMs: number): boolean {
    let isNew = false;
    do {
      for (let looks = 0; looks < 20 && !isNew; looks += 1) isNew = this.readSync() !== seen;
    } while (!isNew && systemClock.monotonic() < untilMs);
    this.#spin.spun(isNew);
    return isNew;
  }

  readAsync(): number {
    return Atomics.load(this.#control, this.#words.async);
  }

  /**
   * Resolves when news may have come since the number was read. It does not keep the loop alive. It cannot
   * be cancelled: have one at a time under way, for all who wait in this thread.
   */
  async news(seen: number): Promise<void> {
    // Timed, because one that nobody wakes would stay in memory for ever.
    await Atomics.waitAsync(this.#control, this.#words.async, seen, SLEEP_MS).value;
  }
}
