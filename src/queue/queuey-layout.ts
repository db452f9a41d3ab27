/**
 * Where everything of a Queuey stands in its two shared buffers.
 *
 * ```
 * control, Int32 words                           payload, bytes
 *
 *     0  what the queue is: magic, version,           0  slot of entry 0      slotBytes
 *        sizes; closed                                   slot of entry 1
 *    16  LOCK: who holds it                              ...
 *    32  sequence numbers to wait on                     slot of entry maxSize - 1
 *    48  derived: lists and counts                       page 0               PAGE_BYTES
 *    64  entry 0: state, ticket, ...   8 words           page 1
 *        entry 1                                         ...  as many as were needed so far;
 *        ...                                                  the buffer grows up to maxBytes
 *        page 0: the next page         1 word
 *        page 1 ...
 * ```
 *
 * A value of at most `slotBytes` stands in the slot of its entry; a larger one in a chain of pages.
 *
 * The entries are the truth. An entry is FREE, READY, or taken by an owner, and each change is one
 * store of its state word:
 *
 * ```
 *            put                take                taskDone, abandon
 *    FREE  ------->  READY  ----------->  owner  --------------------->  FREE
 * ```
 *
 * The derived words can be made anew from the entries (`QueueyEntries.rebuild`), so a thread that ends in
 * the middle of a change leaves nothing that cannot be mended.
 */

/** "SPQY": no other program's buffer has it by chance. */
export const MAGIC = 0x53_50_51_59;

/** Of this layout. Threads of one process may run different versions of the package. */
export const LAYOUT_VERSION = 1;

/** Bytes of an overflow page: 512 for a value of 8 MB, at most 16 KB lost by one of a little over a slot. */
export const PAGE_BYTES = 16_384;

/** Words of the control buffer. Those that threads fight for have a cache line (16 words) of their own. */
export const WORD = {
  MAGIC: 0,
  VERSION: 1,
  MAX_SIZE: 2,
  SLOT_BYTES: 3,
  /** Most pages that there may be. */
  MAX_PAGES: 4,
  /** 1 once the queue is closed. */
  CLOSED: 5,

  /** 0, or the owner of the lock, with the bit CONTENDED if somebody waits for it. */
  LOCK: 16,

  /** Counts items that became ready; getters that block wait on it. */
  ITEMS_SYNC: 32,
  /** The same for getters that await. */
  ITEMS_ASYNC: 33,
  /** Counts entries that became free; putters that block wait on it. */
  SPACE_SYNC: 34,
  /** The same for putters that await. */
  SPACE_ASYNC: 35,

  /** Derived: the list of ready entries, oldest first. */
  READY_HEAD: 48,
  READY_TAIL: 49,
  READY_COUNT: 50,
  /** Derived: the list of free entries. */
  FREE_HEAD: 51,
  FREE_COUNT: 52,
  /** Derived: the list of free pages. */
  FREE_PAGE_HEAD: 53,
  FREE_PAGE_COUNT: 54,
  /** The ticket of the next item. */
  NEXT_TICKET: 55,
  /** 1 if entries became FREE that are not in the list of free entries. */
  STALE: 56,
  /** 1 if, since an item was done, a putter found an entry, but not the pages that its value needs. */
  PAGES_WANTED: 57,
} as const;

/** First word of the entries. */
export const ENTRIES_START = 64;
/** Words of an entry: half a cache line. */
export const ENTRY_WORDS = 8;

/** Words of an entry, counted from its first. */
export const ENTRY = {
  /** FREE, READY, or the owner who has taken it. */
  STATE: 0,
  /** Place in the order of puts: a number of 32 bits that wraps around. */
  TICKET: 1,
  BYTE_LENGTH: 2,
  /** JSON or BYTES. */
  KIND: 3,
  /** First page of the value, NONE if it is in the slot. */
  PAGE: 4,
  /** Derived: the next entry of the list that it is in. */
  NEXT: 5,
} as const;

export const FREE = 0;
export const READY = -1;
/** An owner is a thread's id + 1, so above 0. */
export const NONE = -1;

export const KIND_JSON = 0;
export const KIND_BYTES = 1;

/** Bounds of the sizes of a queue. */
export interface QueueySizes {
  readonly maxSize: number;
  readonly slotBytes: number;
  readonly maxPages: number;
}

/** The two shared buffers with their views; one per Queuey object. */
export interface QueueyMemory extends QueueySizes {
  readonly control: Int32Array<SharedArrayBuffer>;
  /** Follows the growth of its buffer. */
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  /** The slots only, which do not grow; a Buffer, because it reads and writes text in place. */
  readonly slots: Buffer<SharedArrayBuffer>;
}

/** @throws RangeError if the machine cannot give as much */
export function createMemory({ maxSize, slotBytes, maxPages }: QueueySizes): QueueyMemory {
  const words = ENTRIES_START + maxSize * ENTRY_WORDS + maxPages;
  const slotsLength = maxSize * slotBytes;
  const maxByteLength = slotsLength + maxPages * PAGE_BYTES;
  let control: Int32Array<SharedArrayBuffer>;
  let payload: SharedArrayBuffer;
  try {
    control = new Int32Array(new SharedArrayBuffer(words * Int32Array.BYTES_PER_ELEMENT));
    payload = new SharedArrayBuffer(slotsLength, { maxByteLength });
  } catch (error) {
    throw new RangeError(
      `Queuey: ${maxByteLength} bytes (maxSize x slotBytes + maxBytes) cannot be had here: ask for less`,
      { cause: error },
    );
  }
  control[WORD.MAGIC] = MAGIC;
  control[WORD.VERSION] = LAYOUT_VERSION;
  control[WORD.MAX_SIZE] = maxSize;
  control[WORD.SLOT_BYTES] = slotBytes;
  control[WORD.MAX_PAGES] = maxPages;
  return viewMemory(control, payload);
}

/** The views of buffers that hold a queue. */
export function viewMemory(
  control: Int32Array<SharedArrayBuffer>,
  payload: SharedArrayBuffer,
): QueueyMemory {
  const maxSize = wordAt(control, WORD.MAX_SIZE);
  const slotBytes = wordAt(control, WORD.SLOT_BYTES);
  return {
    maxSize,
    slotBytes,
    maxPages: wordAt(control, WORD.MAX_PAGES),
    control,
    bytes: new Uint8Array(payload),
    slots: Buffer.from(payload, 0, maxSize * slotBytes),
  };
}

/**
 * A word that only who holds the lock changes, read by who holds it: taking the lock has made every
 * write of the holders before visible, so a plain read will do.
 */
export function wordAt(control: Int32Array, index: number): number {
  return control[index] ?? 0;
}

/** First word of an entry. */
export function entryAt(index: number): number {
  return ENTRIES_START + index * ENTRY_WORDS;
}
