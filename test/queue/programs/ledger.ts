/** What became of each item, noted in shared memory by whoever did it, at once. */
import type { Queuey } from "../../../src/queuey.ts";

/** What is noted of an item, as bits. */
export const PUT_RETURNED = 1;
export const DONE = 2;
export const DONE_AGAIN = 4;

/** Words before those of the items; word 0 is the next id. */
const START = 16;

export interface LedgerItem {
  readonly id: number;
  readonly padding: string;
}

export function newLedger(items: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer((START + items) * Int32Array.BYTES_PER_ELEMENT));
}

/** A new item: most stay in a slot, some need pages. */
export function newItem(ledger: Int32Array): LedgerItem {
  const id = Atomics.add(ledger, 0, 1);
  return { id, padding: "x".repeat(id % 5 === 0 ? 20_000 : id % 100) };
}

export function notePut(ledger: Int32Array, id: number): void {
  Atomics.or(ledger, START + id, PUT_RETURNED);
}

export function noteDone(ledger: Int32Array, id: number): void {
  const before = Atomics.or(ledger, START + id, DONE);
  if ((before & DONE) !== 0) Atomics.or(ledger, START + id, DONE_AGAIN);
}

/** What is noted of every item that was made. */
export function notes(ledger: Int32Array): readonly number[] {
  return [...ledger.subarray(START, START + Atomics.load(ledger, 0))];
}

/** Takes and puts in turn, without end. */
export async function work(
  queue: Queuey<LedgerItem>,
  ledger: Int32Array,
  isAsync: boolean,
): Promise<never> {
  for (;;) {
    const { value, ticket } = isAsync ? await queue.takeAsync() : queue.takeSync();
    noteDone(ledger, value.id);
    queue.taskDone(ticket);
    const item = newItem(ledger);
    if (isAsync) await queue.putAsync(item);
    else queue.putSync(item);
    notePut(ledger, item.id);
  }
}
