import {
  AsyncWorkers,
  Batch,
  Engine,
  MemoryBroker,
  type RunningWorkers,
  ThreadWorkers,
} from "spinach";

import type { Setting } from "../lib/contender.ts";
import type { JobPool, PoolJob } from "../lib/job-pool.ts";
import { tasks } from "./thread-tasks.ts";

export const SETTINGS: readonly Setting[] = [
  [
    "jobs are scheduled in batches of 1,000",
    "as a queue is filled; the pools have 1,000 calls under way",
  ],
  ["all else as it is by default", "what a user gets"],
];

const BATCH = 1000;

/** The whole project: a broker in memory, the arbiter, and workers. */
export class EnginePool implements JobPool {
  readonly #engine = new Engine(new MemoryBroker());
  readonly #threads: number;
  #running: RunningWorkers | undefined;
  #onJob: () => void = () => undefined;

  /** @param threads - 0 for coroutines on this thread */
  constructor(threads: number) {
    this.#threads = threads;
    this.#engine.attachTasks(tasks);
    this.#engine.on("jobFinished", ({ err }) => {
      if (err !== undefined) throw err;
      this.#onJob();
    });
  }

  async open(): Promise<void> {
    const workers =
      this.#threads === 0 ? new AsyncWorkers() : new ThreadWorkers({ number: this.#threads });
    this.#running = await this.#engine.startWorkers({ workers });
  }

  async fill(count: number, onJob: () => void): Promise<() => Promise<void>> {
    const ended = this.#expect(count, onJob);
    await this.#schedule({ name: "noop" }, count);
    return () => ended;
  }

  /** Batches go in while jobs run, as calls of the other pools do. */
  async runAll(job: PoolJob, count: number, onJob: () => void): Promise<void> {
    const ended = this.#expect(count, onJob);
    await this.#schedule(job, count);
    await ended;
  }

  async #expect(count: number, onJob: () => void): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    let ended = 0;
    this.#onJob = () => {
      onJob();
      ended += 1;
      if (ended === count) resolve();
    };
    await promise;
  }

  async #schedule(job: PoolJob, count: number): Promise<void> {
    for (let first = 0; first < count; first += BATCH) {
      const batch = new Batch();
      for (let index = first; index < Math.min(first + BATCH, count); index += 1) {
        batch.schedule(job.name, job.argument ?? index);
      }
      await this.#engine.scheduleBatch(batch);
    }
  }

  async runOne(index: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onJob = resolve;
    await this.#engine.schedule("noop", index);
    await promise;
  }

  async close(): Promise<void> {
    await this.#running?.stop();
    await this.#engine.close();
  }
}
