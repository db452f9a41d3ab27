/** Many jobs in one trip to the broker, all or nothing; some now, one later. */
import assert from "node:assert/strict";

import { AsyncWorkers, Batch, Engine, InvalidJobArgumentsError, MemoryBroker } from "spinach";

const JOBS = 1000;

const spin = new Engine(new MemoryBroker());
let sum = 0;

const add = spin.task("add", (amount: number) => {
  sum += amount;
});
const tell = spin.task("tell", () => {
  console.log(`the sum of 1 to ${JOBS} is ${sum}`);
  void spin.stopWorkers();
});

const batch = new Batch();
for (let amount = 1; amount <= JOBS; amount += 1) batch.schedule(add, amount);
batch.scheduleAt(tell, new Date(Date.now() + 300));

// One job that cannot be: nothing of that batch is scheduled.
const bad = new Batch().schedule(add, 1_000_000).schedule(add, Number.NaN);
await assert.rejects(spin.scheduleBatch(bad), InvalidJobArgumentsError);

const jobs = await spin.scheduleBatch(batch);
console.log(`scheduled ${jobs.length} jobs, the last for ${jobs.at(-1)?.at.toISOString()}`);

await spin.run({ workers: new AsyncWorkers({ number: 256 }) });
assert.equal(sum, (JOBS * (JOBS + 1)) / 2);
