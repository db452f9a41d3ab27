/**
 * A worker process. Arguments: URL of Redis, namespace, what its task does, and options of its broker as
 * JSON. It prints what happens, a line each.
 */
import { AsyncWorkers, currentJob, Engine } from "../../../../src/index.ts";
import { RedisBroker, type RedisBrokerOptions } from "../../../../src/redis.ts";

const [, , url = "", namespace = "", behaviour = "", options = "{}"] = process.argv;
const BLOCK_MS = 5000;
const nothing = (): void => undefined;
const warn = (fields: object, message: string): void => {
  if (!message.includes("blocked")) return;
  const { tasks, stack, blockedMs }: { tasks?: unknown; stack?: unknown; blockedMs?: unknown } =
    fields;
  const place = /at (?<place>\w+)/v.exec(String(stack))?.groups?.["place"];
  const length = Number(blockedMs) >= BLOCK_MS ? "as long as it was" : `${String(blockedMs)} ms`;
  console.log(`blocked ${String(tasks)} ${place} ${length}`);
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
    turnInCircles(BLOCK_MS);
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
