/** Slots of an empty deque, unless told otherwise. */
const MIN_SLOTS = 16;

/**
 * A double-ended queue: O(1) at both ends, in a ring that doubles when it is full, and halves when three
 * quarters of it are unused.
 *
 * ```
 *   slots  [ . . c d e . . . ]      head = 2, length = 3
 *                ^head   ^(head + length) & mask
 * ```
 */
export class Deque<Item> {
  readonly #minSlots: number;
  #slots: Array<Item | undefined>;
  #head = 0;
  #length = 0;

  /** @param minSlots - a power of two, to which it never shrinks below */
  constructor(minSlots: number = MIN_SLOTS) {
    this.#minSlots = minSlots;
    this.#slots = Array.from({ length: minSlots });
  }

  get length(): number {
    return this.#length;
  }

  /** All items, from the front; a copy. */
  get items(): readonly Item[] {
    const items: Item[] = [];
    for (let index = 0; index < this.#length; index += 1) {
      const item = this.#slots[(this.#head + index) & (this.#slots.length - 1)];
      if (item !== undefined) items.push(item);
    }
    return items;
  }

  pushBack(item: Item): void {
    this.#growIfFull();
    this.#slots[(this.#head + this.#length) & (this.#slots.length - 1)] = item;
    this.#length += 1;
  }

  pushFront(item: Item): void {
    this.#growIfFull();
    this.#head = (this.#head - 1) & (this.#slots.length - 1);
    this.#slots[this.#head] = item;
    this.#length += 1;
  }

  popFront(): Item | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.#length -= 1;
    this.#shrinkIfSparse();
    return item;
  }

  #growIfFull(): void {
    if (this.#length === this.#slots.length) this.#resize(this.#slots.length * 2);
  }

  #shrinkIfSparse(): void {
    const slots = this.#slots.length;
    if (slots > this.#minSlots && this.#length * 4 <= slots) this.#resize(slots / 2);
  }

  #resize(size: number): void {
    const old = this.#slots;
    // Not `Array.from`, which takes 20 ms for half a million slots: the event loop would stand still.
    const slots = size < old.length ? old.slice(0, size) : old.concat(old);
    slots.fill(undefined);
    const mask = this.#slots.length - 1;
    for (let index = 0; index < this.#length; index += 1) {
      slots[index] = this.#slots[(this.#head + index) & mask];
    }
    this.#slots = slots;
    this.#head = 0;
  }
}
