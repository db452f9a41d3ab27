/** A worker process. Arguments: URL of Redis, namespace, what its task does, and its lease in ms. */
import { AsyncWorkers, currentJob, Engine } from "../../../../src/index.ts";
import { RedisBroker } from "../../../../src/redis.ts";

const [, , url = "", namespace = "", behaviour = "", lease = ""] = process.argv;
const nothing = (): void => undefined;
const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const spin = new Engine(new RedisBroker(url, { lease: Number(lease) }), { namespace, logger });

spin.task("count", { maxRetries: 3 }, async (index: number) => {
  console.log("running");
  if (behaviour === "block") {
    const end = Date.now() + 5000;
    while (Date.now() < end);
  } else {
    const signal = currentJob()?.signal;
    const { promise, reject } = Promise.withResolvers<never>();
    signal?.addEventListener("abort", () => {
      const reason: unknown = signal.reason;
      console.log(`aborted ${reason instanceof Error ? reason.name : "?"}`);
      reject(new Error(`job ${index} was interrupted`));
    });
    await promise;
  }
  console.log("ended");
});
spin.on("workerStarted", () => {
  console.log("ready");
});
await spin.run({ workers: new AsyncWorkers(), stopTimeout: 1000 });
