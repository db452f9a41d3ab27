/** Threads are terminated at random instants: nothing is lost, nobody hangs. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";

import { Queuey } from "../../src/queuey.ts";
import { seededRandom } from "../../src/testing/seeded-random.ts";
import { within } from "../../src/testing/waits.ts";
import {
  DONE,
  DONE_AGAIN,
  type LedgerItem,
  newItem,
  newLedger,
  noteDone,
  notePut,
  notes,
  PUT_RETURNED,
} from "./programs/ledger.ts";
import type { VictimData } from "./programs/victim.ts";

/** 10,000 prove it; the suite does some of them each time. */
const KILLS = Number(process.env["QUEUEY_KILLS"] ?? 150);
const VICTIMS = 3;
/** Items that go round. Half of the places stay free, or all would wait to put. */
const ITEMS = 16;
const MAX_ITEMS = 4_000_000;
const LOCK_WORD = 16;

/** A deadlock fails the test; a kill takes 60 ms here. */
const timeout = 60_000 + KILLS * 500;

test(`Queuey loses nothing when ${KILLS} threads are terminated`, { timeout }, async (t) => {
  const random = seededRandom(Number(process.env["QUEUEY_SEED"] ?? 1));
  const queue = new Queuey<LedgerItem>({ maxSize: ITEMS * 2, slotBytes: 256, maxBytes: 400_000 });
  const control = new Int32Array(queue.handle.control);
  const ledger = newLedger(MAX_ITEMS);
  for (let index = 0; index < ITEMS; index += 1) {
    const item = newItem(ledger);
    await queue.putAsync(item);
    notePut(ledger, item.id);
  }
  let kills = 0;
  let insideLock = 0;
  let returned = 0;
  const mayBeTwice = new Set<number>();

  const refill = async (): Promise<void> => {
    // A victim that died between a take and the next put took an item out of the round.
    while (queue.maxSize - queue.availableSlots < ITEMS) {
      const item = newItem(ledger);
      await queue.putAsync(item);
      notePut(ledger, item.id);
    }
  };
  const live = async (isAsync: boolean): Promise<void> => {
    const workerData: VictimData = { handle: queue.handle, isAsync, ledger };
    const worker = new Worker(new URL("./programs/victim.ts", import.meta.url), { workerData });
    const { threadId } = worker;
    await within("a thread has started", once(worker, "message"));
    await sleep(random() * 4);
    await worker.terminate();
    const lock = Atomics.load(control, LOCK_WORD);
    if ((lock & ~(2 ** 30)) === threadId + 1) insideLock += 1;
    kills += 1;
    for (const { value } of await queue.abandon(threadId)) {
      returned += 1;
      // It may have been noted as done before the death.
      mayBeTwice.add(value.id);
      await queue.putAsync(value);
    }
    await refill();
  };
  const slot = async (index: number): Promise<void> => {
    while (kills < KILLS) await live(index === 0);
  };
  await Promise.all(Array.from({ length: VICTIMS }, (_, index) => slot(index)));

  queue.close();
  while (queue.size > 0) {
    const { id } = await queue.getAsync();
    noteDone(ledger, id);
    queue.taskDone();
  }
  assert.equal(queue.availableSlots, queue.maxSize);
  const all = notes(ledger);
  const lost = all.flatMap((note, id) => (note === PUT_RETURNED ? [id] : []));
  const twice = all.flatMap((note, id) =>
    (note & DONE_AGAIN) !== 0 && !mayBeTwice.has(id) ? [id] : [],
  );
  assert.deepEqual({ lost, twice }, { lost: [], twice: [] });
  const done = all.filter((note) => (note & DONE) !== 0).length;
  t.diagnostic(
    `${kills} kills, ${insideLock} inside the lock, ${returned} items given back, ${done} done`,
  );
});
