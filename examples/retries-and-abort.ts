/** A task decides what a failure means: try again at a date, or never; events tell what became of it. */
import assert from "node:assert/strict";

import { AbortError, AsyncWorkers, currentJob, Engine, MemoryBroker, RetryError } from "spinach";

const RETRY_AFTER_MS = 100;

const silent = (): void => {};
const logger = { debug: silent, info: silent, warn: silent, error: silent };
// The events below tell all: the default logger would also write each failure to stderr.
const spin = new Engine(new MemoryBroker(), { logger });

const pay = spin.task("pay", { maxRetries: 5 }, (invoice: string) => {
  const attempt = (currentJob()?.retries ?? 0) + 1;
  if (invoice === "unknown") throw new AbortError(`there is no invoice "${invoice}"`);
  if (attempt < 3) {
    throw new RetryError("the bank is busy", { at: new Date(Date.now() + RETRY_AFTER_MS) });
  }
});

const told: string[] = [];
const tell = (line: string): void => {
  told.push(line);
  console.log(line);
};
spin.on("jobRetryScheduled", ({ job, err }) => {
  tell(`${String(job.args[0])}: retry ${job.retries} of ${job.maxRetries}, ${String(err)}`);
});
spin.on("jobFailed", ({ job, err }) => tell(`${String(job.args[0])}: failed, ${String(err)}`));

let finished = 0;
spin.on("jobFinished", ({ job, err }) => {
  if (err === undefined) tell(`${String(job.args[0])}: paid after ${job.retries} retries`);
  finished += 1;
  // Three runs of one job, one of the other.
  if (finished === 4) void spin.stopWorkers();
});

await spin.schedule(pay, "unknown");
await spin.schedule(pay, "2026-17");
await spin.run({ workers: new AsyncWorkers() });

assert.deepEqual(told, [
  'unknown: failed, AbortError: there is no invoice "unknown"',
  "2026-17: retry 1 of 5, RetryError: the bank is busy",
  "2026-17: retry 2 of 5, RetryError: the bank is busy",
  "2026-17: paid after 2 retries",
]);
