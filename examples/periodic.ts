/** A task that runs by itself: every 200 ms, once per period, however many processes run it. */
import assert from "node:assert/strict";

import { AsyncWorkers, Engine, MemoryBroker } from "spinach";

const RUNS = 5;
const PERIOD_MS = 200;

const spin = new Engine(new MemoryBroker());
const startedMs = performance.now();
const ranAtMs: number[] = [];

// A periodic task is called without arguments.
spin.task("beat", { periodicity: PERIOD_MS }, () => {
  ranAtMs.push(Math.round(performance.now() - startedMs));
  console.log(`beat ${ranAtMs.length} after ${ranAtMs.at(-1)} ms`);
  if (ranAtMs.length === RUNS) void spin.stopWorkers();
});

await spin.run({ workers: new AsyncWorkers() });

assert.equal(ranAtMs.length, RUNS);
for (const [index, atMs] of ranAtMs.entries()) {
  // A few ms of slack: the wall clock, which periods follow, and the one measured here may part.
  assert.ok(atMs >= (index + 1) * PERIOD_MS - 5, `run ${index + 1} came early, after ${atMs} ms`);
}
