import {
  ENTRIES_START,
  ENTRY_WORDS,
  NONE,
  PAGE_BYTES,
  type QueueyMemory,
  WORD,
  wordAt,
} from "./queuey-layout.ts";

/** Fewest pages that the payload buffer grows by: growing is a call to the system. */
const MIN_GROWTH = 16;

/**
 * The pages behind the slots, for values that are larger than a slot: chains of used ones, and one list
 * of free ones. All but `read` is for who holds the lock.
 */
export class QueueyPages {
  readonly #memory: QueueyMemory;
  readonly #control: Int32Array<SharedArrayBuffer>;
  /** Word of the link of page 0. */
  readonly #links: number;
  /** Byte where page 0 starts. */
  readonly #start: number;

  constructor(memory: QueueyMemory) {
    this.#memory = memory;
    this.#control = memory.control;
    this.#links = ENTRIES_START + memory.maxSize * ENTRY_WORDS;
    this.#start = memory.maxSize * memory.slotBytes;
  }

  /** How many there are by now, free or not: the length of the buffer says so, in all threads alike. */
  get #count(): number {
    return Math.trunc((this.#memory.bytes.buffer.byteLength - this.#start) / PAGE_BYTES);
  }

  /**
   * Copies bytes to pages, chained.
   * @returns the first page, or undefined if there are not enough, and nothing was changed
   */
  write(bytes: Uint8Array): number | undefined {
    const needed = Math.ceil(bytes.byteLength / PAGE_BYTES);
    if (!this.#have(needed)) return undefined;
    const first = wordAt(this.#control, WORD.FREE_PAGE_HEAD);
    let page = first;
    let last = first;
    for (let from = 0; from < bytes.byteLength; from += PAGE_BYTES) {
      this.#memory.bytes.set(bytes.subarray(from, from + PAGE_BYTES), this.#byteOf(page));
      last = page;
      page = this.#next(page);
    }
    this.#control[this.#links + last] = NONE;
    this.#control[WORD.FREE_PAGE_HEAD] = page;
    this.#control[WORD.FREE_PAGE_COUNT] = wordAt(this.#control, WORD.FREE_PAGE_COUNT) - needed;
    return first;
  }

  /** Copies a chain's bytes. Without the lock, by who has taken the entry: nobody else touches its pages. */
  read(first: number, target: Uint8Array): void {
    let page = first;
    for (let to = 0; to < target.byteLength; to += PAGE_BYTES) {
      const from = this.#byteOf(page);
      const length = Math.min(PAGE_BYTES, target.byteLength - to);
      target.set(this.#memory.bytes.subarray(from, from + length), to);
      page = this.#next(page);
    }
  }

  /** Gives the pages of a chain back. */
  free(first: number): void {
    for (let page = first; page !== NONE;) {
      const next = this.#next(page);
      this.#push(page);
      page = next;
    }
  }

  /** Makes the list of free pages anew. @param chains - the first pages of the chains in use */
  rebuild(chains: readonly number[]): void {
    const used = new Set<number>();
    for (const first of chains) {
      for (let page = first; page !== NONE; page = this.#next(page)) used.add(page);
    }
    this.#control[WORD.FREE_PAGE_HEAD] = NONE;
    this.#control[WORD.FREE_PAGE_COUNT] = 0;
    for (let page = this.#count - 1; page >= 0; page -= 1) if (!used.has(page)) this.#push(page);
  }

  /** Whether there are as many free pages; grows the buffer for them if it may. */
  #have(needed: number): boolean {
    const missing = needed - wordAt(this.#control, WORD.FREE_PAGE_COUNT);
    if (missing <= 0) return true;
    const count = this.#count;
    const { maxPages, bytes } = this.#memory;
    if (count + missing > maxPages) return false;
    const grown = Math.min(maxPages, count + Math.max(missing, count, MIN_GROWTH));
    // If the thread ends between this and the list, a rebuild finds the new pages.
    bytes.buffer.grow(this.#start + grown * PAGE_BYTES);
    for (let page = grown - 1; page >= count; page -= 1) this.#push(page);
    return true;
  }

  #push(page: number): void {
    this.#control[this.#links + page] = wordAt(this.#control, WORD.FREE_PAGE_HEAD);
    this.#control[WORD.FREE_PAGE_HEAD] = page;
    this.#control[WORD.FREE_PAGE_COUNT] = wordAt(this.#control, WORD.FREE_PAGE_COUNT) + 1;
  }

  #next(page: number): number {
    return wordAt(this.#control, this.#links + page);
  }

  #byteOf(page: number): number {
    return this.#start + page * PAGE_BYTES;
  }
}
