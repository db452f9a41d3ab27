import type { StoredJob } from "../../core/job.ts";

interface Entry {
  readonly atMs: number;
  /** Order of arrival, which decides between jobs of one millisecond. */
  readonly order: number;
  readonly stored: StoredJob;
}

/** Jobs that wait for their time: a binary heap, earliest first, first come first among equals. */
export class FutureJobs {
  readonly #heap: Entry[] = [];
  #arrivals = 0;

  /** When the earliest is due, epoch ms. */
  get nextAtMs(): number | undefined {
    return this.#heap[0]?.atMs;
  }

  add(stored: StoredJob): void {
    this.#arrivals += 1;
    const entry = { atMs: stored.job.at.getTime(), order: this.#arrivals, stored };
    this.#heap.push(entry);
    this.#siftUp(entry, this.#heap.length - 1);
  }

  /** Takes out the earliest if it is due. */
  takeDue(nowMs: number): StoredJob | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.atMs > nowMs) return undefined;
    const last = this.#heap.pop();
    if (last !== undefined && last !== first) this.#siftDown(last);
    return first.stored;
  }

  #siftUp(entry: Entry, from: number): void {
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.#heap[parentIndex];
      if (parent === undefined || !isBefore(entry, parent)) break;
      this.#heap[index] = parent;
      index = parentIndex;
    }
    this.#heap[index] = entry;
  }

  #siftDown(entry: Entry): void {
    let index = 0;
    for (;;) {
      const childIndex = this.#earlierChild(index);
      const child = this.#heap[childIndex];
      if (child === undefined || !isBefore(child, entry)) break;
      this.#heap[index] = child;
      index = childIndex;
    }
    this.#heap[index] = entry;
  }

  #earlierChild(index: number): number {
    const left = 2 * index + 1;
    const leftEntry = this.#heap[left];
    const rightEntry = this.#heap[left + 1];
    if (leftEntry === undefined || rightEntry === undefined) return left;
    return isBefore(rightEntry, leftEntry) ? left + 1 : left;
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
