/**
 * A worker process. Arguments: URL of Redis, namespace, what its task does, and options of its broker as
 * JSON. It prints what happens, a line each.
 */
import { AsyncWorkers, currentJob, Engine } from "../../../../src/index.ts";
import { RedisBroker, type RedisBrokerOptions } from "../../../../src/redis.ts";

const [, , url = "", namespace = "", behaviour = "", options = "{}"] = process.argv;
const nothing = (): void => undefined;
const warn = (fields: object, message: string): void => {
  if (!message.includes("blocked")) return;
  const { tasks, stack }: { tasks?: unknown; stack?: unknown } = fields;
  console.log(
    `blocked ${String(tasks)} ${/at (?<place>\w+)/v.exec(String(stack))?.groups?.["place"]}`,
  );
};
const logger = { debug: nothing, info: nothing, warn, error: nothing };
// oxlint-disable-next-line typescript/no-unsafe-assignment -- what startWorkerProcess was given
const given: RedisBrokerOptions = JSON.parse(options);
const brokerOptions = { lease: 2000, ...given };
const spin = new Engine(new RedisBroker(url, brokerOptions), { namespace, logger });

function turnInCircles(ms: number): void {
  const end = Date.now() + ms;
  while (Date.now() < end);
}

spin.task("count", { maxRetries: 3 }, async (index: number) => {
  console.log("running");
  if (behaviour === "block") {
    turnInCircles(5000);
  } else if (behaviour === "stick") {
    // Until it is killed.
    turnInCircles(60_000);
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
