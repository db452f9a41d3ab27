/** The smallest program: a task, a few jobs, workers that run them at once and then stop. */
import { AsyncWorkers, Engine, MemoryBroker } from "spinach";

const spin = new Engine(new MemoryBroker());

const sleep = spin.task("sleep", async (seconds: number) => {
  await new Promise((wake) => {
    setTimeout(wake, seconds * 1000);
  });
  console.log(`slept ${seconds} s`);
});

const startedMs = performance.now();
await spin.schedule(sleep, 0.3);
await spin.schedule(sleep, 0.2);
await spin.schedule(sleep, 0.1);

// Without stopWhenQueueEmpty it would go on until ^C or SIGTERM.
await spin.run({ workers: new AsyncWorkers({ number: 256 }), stopWhenQueueEmpty: true });

const tookMs = Math.round(performance.now() - startedMs);
console.log(`0.6 s of sleep took ${tookMs} ms: the jobs ran side by side`);
if (tookMs >= 600) throw new Error("the jobs ran one after the other");
