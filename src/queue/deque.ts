/** Slots of an empty deque; it doubles when full and halves when three quarters are unused. */
const MIN_SLOTS = 16;

/**
 * A double-ended queue: O(1) at both ends, in a ring that grows and shrinks by powers of two.
 *
 * ```
 *   slots  [ . . c d e . . . ]      head = 2, length = 3
 *                ^head   ^(head + length) & mask
 * ```
 */
export class Deque<Item> {
  #slots: Array<Item | undefined> = Array.from({ length: MIN_SLOTS });
  #head = 0;
  #length = 0;

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
    if (slots > MIN_SLOTS && this.#length * 4 <= slots) this.#resize(slots / 2);
  }

  #resize(size: number): void {
    const slots: Array<Item | undefined> = Array.from({ length: size });
    const mask = this.#slots.length - 1;
    for (let index = 0; index < this.#length; index += 1) {
      slots[index] = this.#slots[(this.#head + index) & mask];
    }
    this.#slots = slots;
    this.#head = 0;
  }
}
