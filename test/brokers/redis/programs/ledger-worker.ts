/**
 * A worker process that keeps a ledger: a list in Redis to which it appends, in order, when a job starts
 * and ends. Arguments: URL of Redis, namespace, key of the ledger, its own name, lease in ms.
 */
import { setTimeout as sleep } from "node:timers/promises";

import { createClient } from "@redis/client";

import { AsyncWorkers, Engine } from "../../../../src/index.ts";
import { RedisBroker } from "../../../../src/redis.ts";

const [, , url = "", namespace = "", ledger = "", name = "", lease = ""] = process.argv;
const client = createClient({ url });
await client.connect();
const broker = new RedisBroker(url, { lease: Number(lease) });
const spin = new Engine(broker, { namespace });

async function note(event: string, task: string, index: number): Promise<void> {
  await client.rPush(ledger, JSON.stringify({ event, task, index, name, atMs: Date.now() }));
}

/** What the jobs of the process called `victim` do: they hold on until it is killed. */
async function hold(): Promise<void> {
  if (name === "victim") await Promise.withResolvers().promise;
}

function held(task: string) {
  return async (index: number): Promise<void> => {
    await note("start", task, index);
    await hold();
    await note("end", task, index);
  };
}

const retried = { maxRetries: 3 };
spin.task("retried", retried, held("retried"));
spin.task("retried, limited", { ...retried, maxConcurrency: 40 }, held("retried, limited"));
spin.task("once", held("once"));
spin.task("once, limited", { maxConcurrency: 40 }, held("once, limited"));
spin.task("block", retried, async (blockMs: number) => {
  await note("start", "block", blockMs);
  const { id } = broker;
  const end = performance.now() + blockMs;
  while (performance.now() < end);
  // In the next turn this process would hear that its lease was lost.
  await sleep(500);
  await note(broker.id === id ? "end" : "end under another id", "block", blockMs);
});
spin.on("workerStarted", () => {
  console.log("ready");
});
await spin.run({ workers: new AsyncWorkers({ number: 240 }), stopTimeout: 1000 });
client.destroy();
