import assert from "node:assert/strict";
import { test } from "node:test";

import { LoopTurn } from "../../src/platform/loop-turn.ts";

/** A loop that turns when it is told, on a clock that is set. */
function loop() {
  let nowMs = 0;
  let turns: Array<() => void> = [];
  const timers = {
    set: () => assert.fail("no timer is needed"),
    yield: () =>
      new Promise<void>((resolve) => {
        turns.push(resolve);
      }),
  };
  const turn = new LoopTurn({ clock: { now: () => nowMs, monotonic: () => nowMs }, timers });
  return {
    turn,
    mustWait: () => turn.wait !== undefined,
    pass: (ms: number) => {
      nowMs += ms;
    },
    turns: () => turns.length,
    next: async () => {
      for (const resolve of turns) resolve();
      turns = [];
      await Promise.resolve();
    },
  };
}

test("LoopTurn lets calls of the first 5 ms of a turn settle, and has later ones wait for the next turn", async () => {
  const { turn, mustWait, pass, next } = loop();
  turn.begin();
  pass(4);
  turn.begin();
  assert.equal(mustWait(), false);
  pass(1);
  turn.begin();
  assert.equal(mustWait(), true);
  const { wait } = turn;
  await next();
  await wait;
  turn.begin();
  assert.equal(mustWait(), false, "a new turn");
});

test("LoopTurn has a lone call wait for nothing, however long ago the last one was", async () => {
  const { turn, mustWait, pass, next } = loop();
  turn.begin();
  await next();
  pass(60_000);
  turn.begin();
  assert.equal(mustWait(), false);
});

test("LoopTurn asks once a turn when the loop has turned", () => {
  const { turn, turns } = loop();
  for (let call = 0; call < 100; call += 1) turn.begin();
  assert.equal(turns(), 1);
});

test("LoopTurn.waitAt() has calls that take no time wait after 5 ms, and also when the clock has jumped", async () => {
  const { turn, turns, next } = loop();
  for (const [atMs, mustWait] of [
    [1000, false],
    [1004, false],
    [1005, true],
    [996, false],
    [995, true],
  ] as const) {
    assert.equal(turn.waitAt(atMs) !== undefined, mustWait, `at ${atMs} ms`);
  }
  assert.equal(turns(), 1);
  await next();
  assert.equal(turn.waitAt(9000), undefined, "a new turn");
});
