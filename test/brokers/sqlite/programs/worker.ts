/**
 * A worker process on a file. Arguments: the file, what its task does, and options of its broker as JSON. It
 * prints what happens, a line each.
 */
import { AsyncWorkers, currentJob, Engine } from "../../../../src/index.ts";
import { SqliteBroker, type SqliteBrokerOptions } from "../../../../src/sqlite.ts";

const [, , path = "", behaviour = "", options = "{}"] = process.argv;
const nothing = (): void => undefined;
const warn = (fields: object, message: string): void => {
  const { tasks, reenqueued, failed }: { tasks?: unknown; reenqueued?: unknown; failed?: unknown } =
    fields;
  if (message.includes("blocked")) console.log(`blocked ${String(tasks)}`);
  if (message.includes("took over the jobs") && Array.isArray(failed)) {
    console.log(`rescued ${String(reenqueued)} ${failed.length}`);
  }
};
const logger = { debug: nothing, info: nothing, warn, error: nothing };
// oxlint-disable-next-line typescript/no-unsafe-assignment -- what startWorkerProcess was given
const brokerOptions: SqliteBrokerOptions = JSON.parse(options);
const spin = new Engine(new SqliteBroker(path, brokerOptions), { logger });

async function work(index: number): Promise<void> {
  console.log(`start ${index} ${Date.now()}`);
  if (behaviour === "hold") {
    const { promise, reject } = Promise.withResolvers<never>();
    const signal = currentJob()?.signal;
    signal?.addEventListener("abort", () => {
      const reason: unknown = signal.reason;
      console.log(`aborted ${reason instanceof Error ? reason.name : "?"}`);
      reject(new Error(`job ${index} was interrupted`));
    });
    await promise;
  }
  if (behaviour === "block") {
    const end = performance.now() + index;
    while (performance.now() < end);
  }
  console.log(`end ${index}`);
}

spin.task("retried", { maxRetries: 3 }, work);
spin.task("once", work);
spin.task("limited", { maxRetries: 3, maxConcurrency: 5 }, work);
spin.on("workerStarted", () => {
  console.log("ready");
});
await spin.run({ workers: new AsyncWorkers({ number: 100 }), stopTimeout: 1000 });
