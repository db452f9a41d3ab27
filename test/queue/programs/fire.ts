/** A thread of the test under fire: puts or gets its share, blocking or awaiting. */
import { parentPort, workerData } from "node:worker_threads";

import { Queuey, QueueClosedError, type QueueyHandle } from "../../../src/queuey.ts";

export interface FireData {
  readonly handle: QueueyHandle;
  readonly role: "put" | "get";
  readonly isAsync: boolean;
  /** Which producer this is, and how many items it puts. */
  readonly producer: number;
  readonly share: number;
  /** How often each item was got: one byte each, producer by producer. */
  readonly got: SharedArrayBuffer;
}

/** Producer and number. Some values are larger than a slot. */
type Item = readonly [producer: number, number: number, padding?: string];

const { handle, role, isAsync, producer, share, got } = workerData as FireData;
const queue = Queuey.attach<Item>(handle);
const counts = new Uint8Array(got);

function item(number: number): Item {
  return number % 64 === 0 ? [producer, number, "x".repeat(number % 4096)] : [producer, number];
}

async function put(): Promise<void> {
  for (let number = 0; number < share; number += 1) {
    if (isAsync) await queue.putAsync(item(number));
    else queue.putSync(item(number));
  }
}

/** Gets until the queue is closed and empty. Returns what was out of order. */
async function get(): Promise<string[]> {
  const faults: string[] = [];
  const last = new Map<number, number>();
  for (;;) {
    const [from, number] = isAsync ? await queue.getAsync() : queue.getSync();
    if (number <= (last.get(from) ?? -1)) faults.push(`${from}: ${number} after ${last.get(from)}`);
    last.set(from, number);
    Atomics.add(counts, from * share + number, 1);
    queue.taskDone();
  }
}

if (role === "put") {
  await put();
} else {
  await get().catch((error: unknown) => {
    if (!(error instanceof QueueClosedError)) throw error;
  });
}
parentPort?.close();
