/** CPU-bound jobs on threads, while the event loop of this program stays free. */
import assert from "node:assert/strict";

import { Batch, Engine, MemoryBroker, ThreadWorkers } from "spinach";

import { countPrimes, tasks } from "./tasks/primes.ts";

const RANGE = 100_000;
const RANGES = 8;

const spin = new Engine(new MemoryBroker());
spin.attachTasks(tasks);

let turns = 0;
const timer = setInterval(() => {
  turns += 1;
}, 10);

const batch = new Batch();
for (let index = 0; index < RANGES; index += 1) {
  batch.schedule(countPrimes, index * RANGE, (index + 1) * RANGE);
}
await spin.scheduleBatch(batch);

let finished = 0;
spin.on("jobFinished", ({ err }) => {
  assert.equal(err, undefined);
  finished += 1;
});
// As many threads as there are CPUs; one line less and they would run in this program's event loop.
await spin.run({ workers: new ThreadWorkers(), stopWhenQueueEmpty: true });
clearInterval(timer);

// Each range was counted, and reported by a job that its job scheduled.
assert.equal(finished, 2 * RANGES);
console.log(`meanwhile the event loop turned: ${turns} ticks of a timer`);
