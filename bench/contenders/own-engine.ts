import {
  AsyncWorkers,
  Batch,
  type Broker,
  Engine,
  type RunningWorkers,
  type Workers,
} from "spinach";

import type { Contender, OnJob, Setting } from "../lib/contender.ts";
import { type JobData, jobData } from "../lib/job-data.ts";
import type { Look } from "../servers/look.ts";

export const NAMESPACE = "bench";

export const OWN_SETTINGS: readonly Setting[] = [
  [
    "`maxRetries: 1`",
    "at least once, which is the peers' contract: a job of a dead process runs again",
  ],
  ["all else as it is by default", "what a user gets"],
];

/** What differs from broker to broker. */
export interface OwnParts {
  readonly broker: Broker;
  readonly payload: string;
  readonly waiting: Contender["waiting"];
  readonly left: Contender["left"];
  /** Default: as many coroutines on this thread. */
  readonly workers?: (concurrency: number) => Workers;
}

/** The project itself, on any broker, with the options that it has by default. */
export class OwnEngine implements Contender {
  readonly engine: Engine;
  readonly broker: Broker;
  readonly #parts: OwnParts;
  readonly #data: (index: number) => JobData;
  #onJob: OnJob = () => undefined;
  #running: RunningWorkers | undefined;

  constructor(parts: OwnParts) {
    this.#parts = parts;
    this.broker = parts.broker;
    this.engine = new Engine(parts.broker, { namespace: NAMESPACE });
    this.#data = jobData(parts.payload);
    this.engine.task("noop", { maxRetries: 1 }, async (index: number) => this.#onJob(index));
  }

  async open(): Promise<void> {
    await this.broker.start();
  }

  async enqueueBatch(first: number, count: number): Promise<void> {
    const batch = new Batch();
    for (let index = first; index < first + count; index += 1) {
      batch.schedule("noop", ...this.#data(index));
    }
    await this.engine.scheduleBatch(batch);
  }

  async enqueueOne(index: number): Promise<void> {
    await this.engine.schedule("noop", ...this.#data(index));
  }

  async startWorkers(concurrency: number, onJob: OnJob): Promise<void> {
    this.#onJob = onJob;
    const workers = this.#parts.workers?.(concurrency) ?? new AsyncWorkers({ number: concurrency });
    this.#running = await this.engine.startWorkers({ workers });
  }

  async waiting(look: Look): Promise<number> {
    return this.#parts.waiting(look);
  }

  async left(look: Look): Promise<number> {
    return this.#parts.left(look);
  }

  async close(): Promise<void> {
    await this.#running?.stop();
    await this.engine.close();
  }
}
