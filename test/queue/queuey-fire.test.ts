/** Many threads at once: every item arrives once, and in the order of its producer. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";

import { Queuey } from "../../src/queuey.ts";
import type { FireData } from "./programs/fire.ts";

/** Fewer to look for a fault faster. */
const ITEMS = Number(process.env["QUEUEY_ITEMS"] ?? 1_000_000);
const PRODUCERS = 4;

/** A deadlock fails the test. */
const timeout = 120_000;

test(`Queuey gives ${ITEMS} items of 8 threads once each, in order`, { timeout }, async () => {
  const queue = new Queuey({ maxSize: 256, slotBytes: 256 });
  const share = ITEMS / PRODUCERS;
  const counts = new Uint8Array(new SharedArrayBuffer(ITEMS));
  const start = (role: "put" | "get", index: number): Promise<string[]> => {
    const workerData: FireData = {
      handle: queue.handle,
      role,
      isAsync: index % 2 === 0,
      producer: index,
      share,
      counts,
    };
    const worker = new Worker(new URL("./programs/fire.ts", import.meta.url), { workerData });
    const faults = once(worker, "message");
    const end = once(worker, "exit");
    return Promise.all([faults, end]).then(([[found]]) => found as string[]);
  };
  const indices = Array.from({ length: PRODUCERS }, (_, index) => index);
  const getters = indices.map((index) => start("get", index));
  await Promise.all(indices.map((index) => start("put", index)));
  queue.close();
  const faults = await Promise.all(getters);
  assert.deepEqual(faults.flat(), []);
  assert.ok(
    counts.every((count) => count === 1),
    "an item came never, or twice",
  );
  assert.equal(queue.availableSlots, queue.maxSize);
});
