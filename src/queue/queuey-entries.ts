import {
  ENTRY,
  entryAt,
  FREE,
  KIND_BYTES,
  KIND_JSON,
  NONE,
  type QueueyMemory,
  READY,
  WORD,
  wordAt,
} from "./queuey-layout.ts";
import { QueueyPages } from "./queuey-pages.ts";
import type { Encoded } from "./queuey-payload.ts";

/** An item that was taken. */
export interface TakenEntry {
  readonly entry: number;
  readonly ticket: number;
}

/**
 * The entries of a Queuey with their values. What changes them is for who holds the lock, `finish` and
 * what only reads excepted. Each change of an entry is one store of its state word, and the lists follow:
 * a thread may end between any two lines here, and `rebuild` makes the lists anew.
 */
export class QueueyEntries {
  readonly #memory: QueueyMemory;
  readonly #control: Int32Array<SharedArrayBuffer>;
  readonly #pages: QueueyPages;

  constructor(memory: QueueyMemory) {
    this.#memory = memory;
    this.#control = memory.control;
    this.#pages = new QueueyPages(memory);
  }

  /** Items that can be taken. A moment's value, as all that is read without the lock. */
  get readyCount(): number {
    return Atomics.load(this.#control, WORD.READY_COUNT);
  }

  /** Entries that a put could use. */
  get freeCount(): number {
    if (Atomics.load(this.#control, WORD.STALE) === 0) {
      return Atomics.load(this.#control, WORD.FREE_COUNT);
    }
    let free = 0;
    for (let index = 0; index < this.#memory.maxSize; index += 1) {
      if (this.#state(index) === FREE) free += 1;
    }
    return free;
  }

  /** Puts a value at the end. Returns whether there was room for it. */
  put(encoded: Encoded): boolean {
    if (this.#tryPut(encoded)) return true;
    // Room may have been made by threads that could not get the lock.
    if (Atomics.load(this.#control, WORD.STALE) === 0) return false;
    this.rebuild();
    return this.#tryPut(encoded);
  }

  /** Takes the oldest item, for an owner. */
  take(owner: number): TakenEntry | undefined {
    const index = wordAt(this.#control, WORD.READY_HEAD);
    if (index === NONE) return undefined;
    const at = entryAt(index);
    // The commit: before it the item is anybody's, after it this owner's, whatever becomes of the thread.
    Atomics.store(this.#control, at + ENTRY.STATE, owner);
    const next = wordAt(this.#control, at + ENTRY.NEXT);
    this.#control[WORD.READY_HEAD] = next;
    if (next === NONE) this.#control[WORD.READY_TAIL] = NONE;
    this.#count(WORD.READY_COUNT, -1);
    return { entry: index, ticket: wordAt(this.#control, at + ENTRY.TICKET) >>> 0 };
  }

  /** A copy of the value of an entry. Without the lock, by who has taken it: it is nobody else's. */
  read(index: number): { readonly bytes: Uint8Array } | { readonly text: string } {
    const at = entryAt(index);
    const length = wordAt(this.#control, at + ENTRY.BYTE_LENGTH);
    const kind = wordAt(this.#control, at + ENTRY.KIND);
    const page = wordAt(this.#control, at + ENTRY.PAGE);
    const slot = index * this.#memory.slotBytes;
    if (page !== NONE) {
      const bytes = new Uint8Array(length);
      this.#pages.read(page, bytes);
      return kind === KIND_BYTES ? { bytes } : { text: Buffer.from(bytes.buffer).toString() };
    }
    if (kind === KIND_JSON)
      return { text: this.#memory.slots.toString("utf8", slot, slot + length) };
    return { bytes: new Uint8Array(this.#memory.slots.subarray(slot, slot + length)) };
  }

  /** Whether an entry is still what its owner has taken; not so after `abandon`. */
  isTaken({ entry, ticket }: TakenEntry, owner: number): boolean {
    const isSame = wordAt(this.#control, entryAt(entry) + ENTRY.TICKET) >>> 0 === ticket;
    return isSame && this.#state(entry) === owner;
  }

  /** Frees an entry that was taken. */
  free(index: number): void {
    const at = entryAt(index);
    const page = wordAt(this.#control, at + ENTRY.PAGE);
    // The commit: from here on the work on this item is done.
    Atomics.store(this.#control, at + ENTRY.STATE, FREE);
    this.#pushFree(index);
    if (page !== NONE) this.#pages.free(page);
  }

  /**
   * Frees an entry that was taken, without the lock. It comes into the list of free ones at the next
   * rebuild, which happens when a put finds that list too short.
   */
  finish(index: number): void {
    Atomics.store(this.#control, entryAt(index) + ENTRY.STATE, FREE);
    // After the state: a rebuild first takes this mark away, then looks at the states. So either it sees
    // the entry free, or it is followed by another one.
    Atomics.store(this.#control, WORD.STALE, 1);
  }

  /** A put failed for want of pages. Returns whether that is new since an item was done. */
  wantPages(): boolean {
    return Atomics.exchange(this.#control, WORD.PAGES_WANTED, 1) === 0;
  }

  /** An item is done, so a put that wants pages may say so again. */
  forgetWantedPages(): void {
    Atomics.store(this.#control, WORD.PAGES_WANTED, 0);
  }

  /** What an owner has taken, oldest first. */
  takenBy(owner: number): readonly TakenEntry[] {
    const taken: TakenEntry[] = [];
    for (let index = 0; index < this.#memory.maxSize; index += 1) {
      if (this.#state(index) === owner) taken.push({ entry: index, ticket: this.#ticket(index) });
    }
    return taken.toSorted(byTicket);
  }

  /** Makes the lists anew from the states of the entries. Of the order of maxSize. */
  rebuild(): void {
    // Before the states are looked at: see finish().
    Atomics.store(this.#control, WORD.STALE, 0);
    const ready: TakenEntry[] = [];
    const free: number[] = [];
    const chains: number[] = [];
    for (let index = 0; index < this.#memory.maxSize; index += 1) {
      const state = this.#state(index);
      if (state === FREE) {
        free.push(index);
        continue;
      }
      if (state === READY) ready.push({ entry: index, ticket: this.#ticket(index) });
      chains.push(wordAt(this.#control, entryAt(index) + ENTRY.PAGE));
    }
    this.#control[WORD.FREE_HEAD] = NONE;
    Atomics.store(this.#control, WORD.FREE_COUNT, 0);
    for (const index of free.toReversed()) this.#pushFree(index);
    this.#control[WORD.READY_HEAD] = NONE;
    this.#control[WORD.READY_TAIL] = NONE;
    Atomics.store(this.#control, WORD.READY_COUNT, 0);
    for (const { entry } of ready.toSorted(byTicket)) this.#appendReady(entry);
    this.#pages.rebuild(chains);
  }

  #tryPut(encoded: Encoded): boolean {
    const index = wordAt(this.#control, WORD.FREE_HEAD);
    if (index === NONE) return false;
    const at = entryAt(index);
    const page = this.#write(index, encoded);
    if (page === undefined) return false;
    const ticket = wordAt(this.#control, WORD.NEXT_TICKET);
    // The array wraps it to 32 bits.
    this.#control[WORD.NEXT_TICKET] = ticket + 1;
    this.#control[at + ENTRY.TICKET] = ticket;
    this.#control[at + ENTRY.BYTE_LENGTH] = encoded.byteLength;
    this.#control[at + ENTRY.KIND] = encoded.kind;
    this.#control[at + ENTRY.PAGE] = page;
    const next = wordAt(this.#control, at + ENTRY.NEXT);
    // The commit. A store of Atomics comes after all that stands above, so the entry is whole for whoever
    // sees it ready, even if this thread ends here and never releases the lock.
    Atomics.store(this.#control, at + ENTRY.STATE, READY);
    this.#control[WORD.FREE_HEAD] = next;
    this.#count(WORD.FREE_COUNT, -1);
    this.#appendReady(index);
    return true;
  }

  /** Returns the first page, NONE if the value went to its slot, or undefined if pages are lacking. */
  #write(index: number, encoded: Encoded): number | undefined {
    const { slots, slotBytes } = this.#memory;
    const { data, byteLength } = encoded;
    if (typeof data === "string") slots.write(data, index * slotBytes, byteLength, "utf8");
    else if (byteLength > slotBytes) return this.#pages.write(data);
    else slots.set(data, index * slotBytes);
    return NONE;
  }

  #appendReady(index: number): void {
    const tail = wordAt(this.#control, WORD.READY_TAIL);
    this.#control[entryAt(index) + ENTRY.NEXT] = NONE;
    if (tail === NONE) this.#control[WORD.READY_HEAD] = index;
    else this.#control[entryAt(tail) + ENTRY.NEXT] = index;
    this.#control[WORD.READY_TAIL] = index;
    this.#count(WORD.READY_COUNT, 1);
  }

  #pushFree(index: number): void {
    this.#control[entryAt(index) + ENTRY.NEXT] = wordAt(this.#control, WORD.FREE_HEAD);
    this.#control[WORD.FREE_HEAD] = index;
    this.#count(WORD.FREE_COUNT, 1);
  }

  /** Counts are read without the lock, so they are stored as one. */
  #count(word: number, change: 1 | -1): void {
    Atomics.store(this.#control, word, wordAt(this.#control, word) + change);
  }

  #state(index: number): number {
    return Atomics.load(this.#control, entryAt(index) + ENTRY.STATE);
  }

  #ticket(index: number): number {
    return wordAt(this.#control, entryAt(index) + ENTRY.TICKET) >>> 0;
  }
}

/** Tickets wrap around after 2^32: the sign of their 32-bit difference still tells which is older. */
function byTicket(a: TakenEntry, b: TakenEntry): number {
  // oxlint-disable-next-line unicorn/prefer-math-trunc -- wraps to 32 bits
  return (a.ticket - b.ticket) | 0;
}
