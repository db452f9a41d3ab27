import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { LoopWatch } from "../../../src/brokers/heartbeat/loop-watch.ts";
import { FakeRuntime } from "../../../src/testing/fake-runtime.ts";

interface WatchBench {
  readonly runtime: FakeRuntime;
  readonly watch: LoopWatch;
  readonly told: string[];
  /** The loop turns once. */
  readonly turn: () => void;
}

function watchBench(blockedAfterMs = 5000, stuckAfterMs = 60_000): WatchBench {
  const runtime = new FakeRuntime();
  const told: string[] = [];
  let signs = 0;
  const watch = new LoopWatch({
    runtime,
    blockedAfterMs,
    stuckAfterMs,
    signsOfLife: () => signs,
    onBlocked: () => told.push("blocked"),
    onStuck: () => told.push("stuck"),
  });
  watch.start();
  const turn = (): void => {
    signs += 1;
  };
  return { runtime, watch, told, turn };
}

describe("the watch over an event loop", () => {
  it("says nothing while the loop turns", async () => {
    const { runtime, told, turn } = watchBench();
    for (let second = 0; second < 30; second += 1) {
      turn();
      await runtime.advance(1000);
    }
    assert.deepEqual(told, []);
  });

  it("[G6] tells once of a block, and again of the next one", async () => {
    const { runtime, told, turn, watch } = watchBench();
    await runtime.advance(4000);
    assert.deepEqual(told, []);
    await runtime.advance(20_000);
    assert.deepEqual(told, ["blocked"]);
    turn();
    await runtime.advance(2000);
    assert.equal(watch.isStuck, false);
    await runtime.advance(20_000);
    assert.deepEqual(told, ["blocked", "blocked"]);
  });

  it("[G6] gives a loop up that does not turn for long, until it does", async () => {
    const { runtime, told, turn, watch } = watchBench();
    await runtime.advance(62_000);
    assert.deepEqual(told, ["blocked", "stuck"]);
    assert.equal(watch.isStuck, true);
    turn();
    await runtime.advance(1000);
    assert.equal(watch.isStuck, false);
  });

  it("can give it up before it would tell what blocks it", async () => {
    const { runtime, told } = watchBench(60_000, 5000);
    await runtime.advance(7000);
    assert.deepEqual(told, ["stuck"]);
  });

  it("does nothing once it was stopped", async () => {
    const { runtime, told, watch } = watchBench();
    watch.stop();
    await runtime.advance(100_000);
    assert.deepEqual(told, []);
  });
});
