import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { Deadlines } from "../../src/platform/deadlines.ts";
import { systemRuntime, type Timers } from "../../src/platform/runtime.ts";
import { FakeRuntime } from "../../src/testing/fake-runtime.ts";

const TIMEOUT_MS = 1000;

function deadlines(runtime: FakeRuntime): Deadlines {
  return new Deadlines({
    runtime,
    timeoutMs: TIMEOUT_MS,
    late: ({ name }) => new Error(`${name} is late`),
  });
}

/** Never settles. */
function silence(): Promise<never> {
  return Promise.withResolvers<never>().promise;
}

suite("Deadlines", () => {
  test("pass a reply and a failure on", async () => {
    const bounds = deadlines(new FakeRuntime());
    assert.equal(await bounds.bound({ name: "call" }, Promise.resolve(3)), 3);
    await assert.rejects(
      bounds.bound({ name: "call" }, Promise.reject(new Error("no"))),
      /^Error: no$/v,
    );
  });

  test("give each wait its own time, with one timer", async () => {
    const runtime = new FakeRuntime();
    const bounds = deadlines(runtime);
    const late: string[] = [];
    for (const name of ["first", "second", "third"]) {
      bounds.bound({ name }, silence()).catch((error: unknown) => late.push(String(error)));
      await runtime.advance(300);
    }
    assert.equal(runtime.pendingTimers, 1);
    await runtime.advance(99);
    assert.deepEqual(late, []);
    await runtime.advance(1);
    assert.deepEqual(late, ["Error: first is late"]);
    await runtime.advance(299);
    assert.equal(late.length, 1);
    await runtime.advance(1);
    assert.equal(late.length, 2);
    await runtime.advance(300);
    assert.equal(late.length, 3);
    assert.equal(runtime.pendingTimers, 0);
  });

  test("set no timer for calls that follow one another, and none is left behind", async () => {
    const runtime = new FakeRuntime();
    const bounds = deadlines(runtime);
    await bounds.bound({ name: "call" }, Promise.resolve());
    for (let call = 0; call < 10; call += 1) {
      await runtime.advance(50);
      await bounds.bound({ name: "call" }, Promise.resolve());
      assert.equal(runtime.pendingTimers, 1);
    }
    await runtime.advance(TIMEOUT_MS);
    assert.equal(runtime.pendingTimers, 0);
  });

  test("giveUp() ends all waits and leaves no timer; others may follow", async () => {
    const runtime = new FakeRuntime();
    const bounds = deadlines(runtime);
    const given = [
      bounds.bound({ name: "one" }, silence()),
      bounds.bound({ name: "other" }, silence()),
    ];
    bounds.giveUp();
    const settled = await Promise.allSettled(given);
    assert.deepEqual(
      settled.map(({ status }) => status),
      ["rejected", "rejected"],
    );
    assert.equal(runtime.pendingTimers, 0);
    const next = assert.rejects(bounds.bound({ name: "next" }, silence()), /next is late/v);
    await runtime.advance(TIMEOUT_MS);
    await next;
  });

  test("a call in the turn in which an earlier one is given up delays nobody's end", async () => {
    const runtime = new FakeRuntime();
    const timers: Timers = {
      set: (callback, delayMs) => runtime.timers.set(callback, delayMs),
      yield: () => {
        void bounds.bound({ name: "other" }, Promise.resolve());
        return runtime.timers.yield();
      },
    };
    const bounds = new Deadlines({
      runtime: { clock: runtime.clock, timers },
      timeoutMs: TIMEOUT_MS,
      late: ({ name }) => new Error(`${name} is late`),
    });
    const late: string[] = [];
    for (const name of ["first", "second"]) {
      bounds.bound({ name }, silence()).catch((error: unknown) => late.push(String(error)));
      await runtime.advance(500);
    }
    await runtime.advance(500);
    assert.deepEqual(late, ["Error: first is late", "Error: second is late"]);
  });

  test("a reply that came while the event loop was blocked is not late", async () => {
    const runtime = systemRuntime();
    const bounds = new Deadlines({ runtime, timeoutMs: 20, late: ({ name }) => new Error(name) });
    // What a socket brings is taken in after timers: as an immediate is.
    const reply = new Promise((resolve) => {
      setImmediate(resolve, "in time");
    });
    const bounded = bounds.bound({ name: "call" }, reply);
    const untilMs = performance.now() + 40;
    while (performance.now() < untilMs);
    assert.equal(await bounded, "in time");
    bounds.giveUp();
  });
});
