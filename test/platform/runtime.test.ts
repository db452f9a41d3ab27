import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { consoleLogger } from "../../src/platform/console-logger.ts";
import { systemRuntime, systemTimers } from "../../src/platform/runtime.ts";

suite("systemRuntime()", () => {
  test("logs to the console", () => {
    assert.equal(systemRuntime().logger, consoleLogger);
  });

  test("reads the epoch time, and a time that never goes back", () => {
    const { clock } = systemRuntime();
    const before = Date.now();
    const now = clock.now();
    assert(before <= now && now <= Date.now());
    const first = clock.monotonic();
    assert(first <= clock.monotonic());
  });

  test("gives random numbers from 0 to below 1, and a new UUID each time", () => {
    const { random, newId } = systemRuntime();
    for (let draw = 0; draw < 100; draw += 1) {
      const number = random();
      assert(number >= 0 && number < 1);
    }
    const ids = Array.from({ length: 100 }, () => newId());
    assert.equal(new Set(ids).size, 100);
    for (const id of ids) assert.match(id, /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/);
  });
});

suite("systemTimers", () => {
  test("a time that is longer than Node's timers take is not over at once", async () => {
    let isOver = false;
    const timer = systemTimers.set(
      () => {
        isOver = true;
      },
      2 ** 31 + 1000,
    );
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
    timer.cancel();
    assert.equal(isOver, false);
  });

  test("calls back once, unless the timer was cancelled", async () => {
    const fired: string[] = [];
    const cancelled = systemTimers.set(() => fired.push("cancelled"), 0);
    cancelled.cancel();
    cancelled.cancel();
    const done = await new Promise<{ cancel(): void }>((resolve) => {
      const timer = systemTimers.set(() => {
        fired.push("set");
        resolve(timer);
      }, 1);
    });
    done.cancel();
    assert.deepEqual(fired, ["set"]);
  });

  test("yield() lets what is ready go first", async () => {
    const order: string[] = [];
    setImmediate(() => order.push("immediate"));
    void Promise.resolve().then(() => order.push("microtask"));
    await systemTimers.yield();
    assert.deepEqual(order, ["microtask", "immediate"]);
  });
});
