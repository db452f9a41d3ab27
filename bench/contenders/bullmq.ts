import { type ConnectionOptions, Queue, Worker } from "bullmq";

import type { Contender } from "../lib/contender.ts";

const QUEUE = "bench";

/** BullMQ, set up as its documentation advises for production; lib/peer-settings.ts gives the reasons. */
export class BullContender implements Contender {
  readonly queueKey: string = `bull:${QUEUE}:wait`;
  readonly jobKeys: readonly string[] = [this.queueKey, `bull:${QUEUE}:active`];
  readonly #connection: ConnectionOptions;
  readonly #queue: Queue;
  #worker: Worker | undefined;

  constructor(port: number) {
    this.#connection = { host: "127.0.0.1", port, maxRetriesPerRequest: null };
    this.#queue = new Queue(QUEUE, { connection: this.#connection });
    this.#queue.on("error", fail);
  }

  async open(): Promise<void> {
    await this.#queue.waitUntilReady();
  }

  async enqueueBatch(first: number, count: number): Promise<void> {
    const jobs = Array.from({ length: count }, (_, offset) => ({
      name: "noop",
      data: [first + offset],
    }));
    await this.#queue.addBulk(jobs);
  }

  async enqueueOne(index: number): Promise<void> {
    await this.#queue.add("noop", [index]);
  }

  async startWorkers(concurrency: number, onJob: (index: number) => void): Promise<void> {
    this.#worker = new Worker<[number]>(QUEUE, async ({ data: [index] }) => onJob(index), {
      connection: this.#connection,
      concurrency,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
    });
    this.#worker.on("error", fail);
    await this.#worker.waitUntilReady();
  }

  async close(): Promise<void> {
    await this.#worker?.close();
    await this.#queue.close();
  }
}

/** An error makes the run worthless: the process ends, and the harness reports it. */
function fail(error: Error): never {
  throw error;
}
