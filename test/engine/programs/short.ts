/** A program that leaves everything to `close` and to the event loop: it must end by itself. */
import { AsyncWorkers, Engine, MemoryBroker } from "../../../src/index.ts";

const spin = new Engine(new MemoryBroker());
const task = spin.task("task", { timeout: 60_000, periodicity: 60_000 }, async () => {
  console.log("ran");
});
await spin.schedule(task);
const running = await spin.startWorkers({ workers: new AsyncWorkers() });
const { promise, resolve } = Promise.withResolvers<void>();
spin.on("jobFinished", () => {
  resolve();
});
await promise;
await running.stop();
await spin.scheduleAt(task, new Date(Date.now() + 60_000));
await spin.close();
console.log("closed");
