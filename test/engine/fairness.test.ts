/** A loop that awaits one call after the other must not starve timers, sockets and jobs, though no call has to wait. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { MemoryBroker } from "../../src/brokers/memory/memory-broker.ts";
import { SqliteBroker } from "../../src/brokers/sqlite/sqlite-broker.ts";
import { Engine } from "../../src/engine/engine.ts";
import { Queuey } from "../../src/queue/queuey.ts";
import { temporaryFolder } from "../brokers/sqlite/temporary-folder.ts";

/** So many calls take far longer than a turn of the event loop may. */
const MAX_CALLS = 200_000;
const TURNS = 3;

/** Calls again and again until the event loop has turned some times. */
async function turnsDuring(call: (index: number) => Promise<unknown>): Promise<number> {
  let turns = 0;
  let isOver = false;
  const turned = (): void => {
    turns += 1;
    if (!isOver) setImmediate(turned);
  };
  setImmediate(turned);
  for (let index = 0; turns < TURNS && index < MAX_CALLS; index += 1) await call(index);
  isOver = true;
  return turns;
}

suite("a loop of calls that are awaited lets the event loop turn", () => {
  test("schedule() on a memory broker", async () => {
    await using spin = new Engine(new MemoryBroker());
    const noop = spin.task("noop", (index: number) => index);
    assert.equal(await turnsDuring((index) => spin.schedule(noop, index)), TURNS);
  });

  test("schedule() on SQLite", async (t) => {
    const folder = temporaryFolder();
    t.after(() => {
      folder.remove();
    });
    await using spin = new Engine(new SqliteBroker(folder.file("fair.db")));
    const noop = spin.task("noop", (index: number) => index);
    assert.equal(await turnsDuring((index) => spin.schedule(noop, index)), TURNS);
  });

  test("execute()", async () => {
    await using spin = new Engine(new MemoryBroker());
    const noop = spin.task("noop", (index: number) => index);
    assert.equal(await turnsDuring((index) => spin.execute(noop, index)), TURNS);
  });

  test("putAsync() and getAsync() of a Queuey", async () => {
    const queue = new Queuey<number>({ maxSize: 2 });
    const putAndGet = async (index: number): Promise<void> => {
      await queue.putAsync(index);
      await queue.getAsync();
      queue.taskDone();
    };
    assert.equal(await turnsDuring(putAndGet), TURNS);
  });
});
