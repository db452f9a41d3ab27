/** Two queues with workers of their own: slow reports never hold up quick mails. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import { AsyncWorkers, Engine, MemoryBroker, Tasks } from "spinach";

const spin = new Engine(new MemoryBroker());
const ended: string[] = [];

const mails = new Tasks({ queue: "mails" });
const sendMail = mails.task("sendMail", async (to: string) => {
  await sleep(10);
  ended.push(`mail to ${to}`);
});

const reports = new Tasks({ queue: "reports" });
const makeReport = reports.task("makeReport", async (name: string) => {
  await sleep(150);
  ended.push(`report ${name}`);
});

spin.attachTasks(mails, reports);
for (const name of ["sales", "stock"]) await spin.schedule(makeReport, name);
for (const to of ["Ada", "Grace", "Edsger"]) await spin.schedule(sendMail, to);

const running = await Promise.all([
  spin.startWorkers({
    workers: new AsyncWorkers({ number: 10 }),
    queue: "mails",
    stopWhenQueueEmpty: true,
  }),
  // One report at a time.
  spin.startWorkers({
    workers: new AsyncWorkers({ number: 1 }),
    queue: "reports",
    stopWhenQueueEmpty: true,
  }),
]);
await Promise.all(running.map(({ finished }) => finished));
await spin.close();

console.log(ended.join("\n"));
assert.deepEqual(ended.slice(0, 3).toSorted(), ["mail to Ada", "mail to Edsger", "mail to Grace"]);
assert.deepEqual(ended.slice(3), ["report sales", "report stock"]);
