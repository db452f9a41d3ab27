/** A program that runs workers until a signal. Arguments: how its one job behaves when told to end, and the stopTimeout. */
import { AsyncWorkers, currentJob, Engine, MemoryBroker } from "../../../src/index.ts";

const spin = new Engine(new MemoryBroker());
const [, , behaviour, stopTimeout] = process.argv;

const wait = spin.task("wait", { maxRetries: 1 }, async () => {
  console.log("running");
  const signal = currentJob()?.signal;
  const { promise, resolve } = Promise.withResolvers<void>();
  process.once("SIGTERM", () => {
    console.log("told");
    if (behaviour === "ends") setTimeout(resolve, 20);
  });
  signal?.addEventListener("abort", () => {
    console.log(`aborted: ${String(signal.reason)}`);
    if (behaviour === "obeys") resolve();
  });
  await promise;
  console.log("ended");
});

await spin.schedule(wait);
await spin.run({
  workers: new AsyncWorkers(),
  stopTimeout: stopTimeout === undefined ? undefined : Number(stopTimeout),
});
console.log(`listeners: ${process.listenerCount("SIGTERM") + process.listenerCount("SIGINT")}`);
