import assert from "node:assert/strict";
import { suite, test } from "node:test";

import * as fc from "fast-check";

import { FakeRuntime, settled } from "../../src/testing/fake-runtime.ts";

suite("FakeRuntime", () => {
  test("stands still until it is advanced", async () => {
    const runtime = new FakeRuntime({ startMs: 1000 });
    await settled();
    assert.equal(runtime.clock.now(), 1000);
    assert.equal(runtime.clock.monotonic(), 0);
    await runtime.advance(250);
    assert.equal(runtime.clock.now(), 1250);
    assert.equal(runtime.clock.monotonic(), 250);
  });

  test("starts at 2026 unless told otherwise", () => {
    assert.equal(new FakeRuntime().clock.now(), Date.parse("2026-01-01T00:00:00Z"));
  });

  test("fires the timers that are due in order of time, then of setting, each at its time", async () => {
    const delays = fc.array(fc.nat({ max: 50 }));
    await fc.assert(
      fc.asyncProperty(delays, fc.nat({ max: 60 }), async (delaysMs, advanceMs) => {
        const runtime = new FakeRuntime();
        const fired: Array<readonly [order: number, atMs: number]> = [];
        for (const [order, delayMs] of delaysMs.entries()) {
          runtime.timers.set(() => fired.push([order, runtime.clock.monotonic()]), delayMs);
        }
        await runtime.advance(advanceMs);
        const expected = [...delaysMs.entries()]
          .filter(([, delayMs]) => delayMs <= advanceMs)
          .toSorted(([, one], [, other]) => one - other);
        assert.deepEqual(fired, expected);
        assert.equal(runtime.pendingTimers, delaysMs.length - fired.length);
        assert.equal(runtime.clock.monotonic(), advanceMs);
      }),
      { numRuns: 25 },
    );
  });

  test("fires a timer that another one set, if it is due in the same time", async () => {
    const runtime = new FakeRuntime();
    const fired: string[] = [];
    const note = (name: string): unknown => fired.push(`${name} at ${runtime.clock.monotonic()}`);
    runtime.timers.set(() => {
      note("first");
      runtime.timers.set(() => note("nested"), 5);
      runtime.timers.set(() => note("too late"), 100);
    }, 10);
    runtime.timers.set(() => note("second"), 20);
    await runtime.advance(30);
    assert.deepEqual(fired, ["first at 10", "nested at 15", "second at 20"]);
    assert.equal(runtime.pendingTimers, 1);
  });

  test("lets what a timer started settle before the next timer fires", async () => {
    const runtime = new FakeRuntime();
    const order: string[] = [];
    const work = async (name: string): Promise<void> => {
      for (let hop = 0; hop < 10; hop += 1) await Promise.resolve();
      order.push(`${name} at ${runtime.clock.monotonic()}`);
    };
    runtime.timers.set(() => void work("first"), 1);
    runtime.timers.set(() => void work("second"), 1);
    runtime.timers.set(() => void work("third"), 2);
    await runtime.advance(2);
    assert.deepEqual(order, ["first at 1", "second at 1", "third at 2"]);
  });

  test("lets who yielded go on before time passes", async () => {
    const runtime = new FakeRuntime();
    const order: string[] = [];
    runtime.timers.set(() => order.push("timer"), 1);
    const work = async (): Promise<void> => {
      for (let turn = 0; turn < 5; turn += 1) await runtime.timers.yield();
      order.push(`work at ${runtime.clock.monotonic()}`);
    };
    void work();
    await runtime.advance(1);
    assert.deepEqual(order, ["work at 0", "timer"]);
  });

  test("forgets a cancelled timer; cancelling again, or too late, does nothing", async () => {
    const runtime = new FakeRuntime();
    const fired: string[] = [];
    const cancelled = runtime.timers.set(() => fired.push("cancelled"), 1);
    const done = runtime.timers.set(() => fired.push("done"), 2);
    const other = runtime.timers.set(() => fired.push("other"), 3);
    cancelled.cancel();
    cancelled.cancel();
    assert.equal(runtime.pendingTimers, 2);
    await runtime.advance(2);
    done.cancel();
    assert.equal(runtime.pendingTimers, 1);
    other.cancel();
    assert.equal(runtime.pendingTimers, 0);
    await runtime.advance(10);
    assert.deepEqual(fired, ["done"]);
  });

  test("lets a timer cancel another that is due at the same time", async () => {
    const runtime = new FakeRuntime();
    const fired: string[] = [];
    runtime.timers.set(() => second.cancel(), 1);
    const second = runtime.timers.set(() => fired.push("second"), 1);
    await runtime.advance(1);
    assert.deepEqual(fired, []);
  });

  test("fires a timer of no or negative delay when time is advanced by nothing", async () => {
    const runtime = new FakeRuntime();
    const fired: string[] = [];
    runtime.timers.set(() => fired.push("negative"), -5);
    runtime.timers.set(() => fired.push("zero"), 0);
    assert.deepEqual(fired, []);
    await runtime.advance(0);
    assert.deepEqual(fired, ["negative", "zero"]);
    assert.equal(runtime.clock.monotonic(), 0);
  });

  test("jump() sets the wall clock alone: no time passes and no timer fires", async () => {
    const runtime = new FakeRuntime({ startMs: 1000 });
    const fired: string[] = [];
    runtime.timers.set(() => fired.push("timer"), 100);
    runtime.jump(1_000_000);
    runtime.jump(-1_500_000);
    await runtime.advance(99);
    assert.equal(runtime.clock.now(), 1000 - 500_000 + 99);
    assert.equal(runtime.clock.monotonic(), 99);
    assert.deepEqual(fired, []);
    await runtime.advance(1);
    assert.deepEqual(fired, ["timer"]);
  });

  test("has the chance of its seed", () => {
    const draws = (seed?: number): unknown[] => {
      const runtime = new FakeRuntime(seed === undefined ? {} : { seed });
      return [runtime.random(), runtime.newId(), runtime.random(), runtime.newId()];
    };
    assert.deepEqual(draws(), draws(1));
    assert.deepEqual(draws(7), draws(7));
    assert.notDeepEqual(draws(7), draws(8));
  });

  test("keeps what was logged", () => {
    const runtime = new FakeRuntime();
    runtime.logger.warn({ a: 1 }, "careful");
    assert.deepEqual(runtime.logs, [{ level: "warn", fields: { a: 1 }, message: "careful" }]);
  });
});

test("settled() resolves after every promise that needs no time", async () => {
  const order: string[] = [];
  const work = async (): Promise<void> => {
    for (let hop = 0; hop < 1000; hop += 1) await Promise.resolve();
    order.push("work");
  };
  void work();
  await settled();
  order.push("settled");
  assert.deepEqual(order, ["work", "settled"]);
});
