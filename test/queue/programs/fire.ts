/** A thread of the test under fire: puts or gets, blocking or awaiting; says what came out of order. */
import { parentPort, workerData } from "node:worker_threads";

import { Queuey, QueueClosedError, type QueueyHandle } from "../../../src/queuey.ts";

export interface FireData {
  readonly handle: QueueyHandle;
  readonly role: "put" | "get";
  readonly isAsync: boolean;
  /** Which producer this is, and how many items each of them puts. */
  readonly producer: number;
  readonly share: number;
  /** How often each item was got, producer by producer. */
  readonly counts: Uint8Array;
}

type Item = readonly [producer: number, number: number, padding?: string];

// oxlint-disable-next-line typescript/no-unsafe-assignment -- what the test starts it with
const { handle, role, isAsync, producer, share, counts }: FireData = workerData;
const queue = Queuey.attach<Item>(handle);

/** Some are larger than a slot. */
function item(number: number): Item {
  return number % 64 === 0 ? [producer, number, "x".repeat(number % 4096)] : [producer, number];
}

async function put(): Promise<void> {
  for (let number = 0; number < share; number += 1) {
    if (isAsync) await queue.putAsync(item(number));
    else queue.putSync(item(number));
  }
}

/** Until the queue is closed and empty. */
async function get(faults: string[]): Promise<never> {
  const last = new Map<number, number>();
  for (;;) {
    const [from, number] = isAsync ? await queue.getAsync() : queue.getSync();
    if (number <= (last.get(from) ?? -1)) faults.push(`${from}: ${number} after ${last.get(from)}`);
    last.set(from, number);
    Atomics.add(counts, from * share + number, 1);
    queue.taskDone();
  }
}

const faults: string[] = [];
try {
  await (role === "put" ? put() : get(faults));
} catch (error) {
  if (!(error instanceof QueueClosedError)) throw error;
}
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- not a window
parentPort?.postMessage(faults);
