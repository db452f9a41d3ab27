import { AsyncWorkers, Batch, Engine, type RunningWorkers } from "spinach";
import { RedisBroker } from "spinach/redis";

import type { Contender } from "../lib/contender.ts";

const NAMESPACE = "bench";

/** The project itself, with the options that it has by default. */
export class SpinachContender implements Contender {
  readonly broker: RedisBroker;
  readonly engine: Engine;
  readonly queueKey: string = `${NAMESPACE}/spinach`;
  #onJob: (index: number) => void = () => undefined;
  #running: RunningWorkers | undefined;

  constructor(port: number) {
    this.broker = new RedisBroker(`redis://127.0.0.1:${port}`);
    this.engine = new Engine(this.broker, { namespace: NAMESPACE });
    // At least once, which is BullMQ's contract too: a job of a dead process runs again.
    this.engine.task("noop", { maxRetries: 1 }, async (index: number) => {
      this.#onJob(index);
    });
  }

  get jobKeys(): readonly string[] {
    return [this.queueKey, `${NAMESPACE}/_running-jobs-on-broker-${this.broker.id}`];
  }

  async open(): Promise<void> {
    await this.broker.start();
  }

  async enqueueBatch(first: number, count: number): Promise<void> {
    const batch = new Batch();
    for (let index = first; index < first + count; index += 1) batch.schedule("noop", index);
    await this.engine.scheduleBatch(batch);
  }

  async enqueueOne(index: number): Promise<void> {
    await this.engine.schedule("noop", index);
  }

  async startWorkers(concurrency: number, onJob: (index: number) => void): Promise<void> {
    this.#onJob = onJob;
    const workers = new AsyncWorkers({ number: concurrency });
    this.#running = await this.engine.startWorkers({ workers });
  }

  async close(): Promise<void> {
    await this.#running?.stop();
    await this.engine.close();
  }
}
