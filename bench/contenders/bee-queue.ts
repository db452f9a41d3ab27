import Queue from "bee-queue";

import type { Contender, OnJob, Setting, Setup } from "../lib/contender.ts";
import { type JobData, jobData } from "../lib/job-data.ts";
import type { Look } from "../servers/look.ts";

export const SETTINGS: readonly Setting[] = [
  [
    "`isWorker: false` where jobs are only scheduled; `getEvents: false`, `sendEvents: false`, `storeJobs: false`",
    "its README: disable what a queue does not need, for less memory and fewer messages; Spinach brings no results back either",
  ],
  ["`removeOnSuccess: true`, `removeOnFailure: true`", "its README: keeps memory usage down"],
  ["`process(concurrency, handler)`", "its README's way to run asynchronous jobs at once"],
  ["`saveAll` for batches", "its README's way to save many jobs in one trip"],
  [
    "`checkStalledJobs(5000)`",
    "its README: without it the jobs of a dead process are lost; 5 s is its default `stallInterval`",
  ],
  ["`retries(1)` for each job", "at least once, as the others"],
];

const QUEUE = "bench";
const WAITING = `bq:${QUEUE}:waiting`;
const ACTIVE = `bq:${QUEUE}:active`;
const STALL_INTERVAL_MS = 5000;

export function create({ redisPort, payload }: Setup): Contender {
  return new BeeContender(redisPort, payload);
}

class BeeContender implements Contender {
  readonly #port: number;
  readonly #data: (index: number) => JobData;
  readonly #producer: Queue<JobData>;
  #worker: Queue<JobData> | undefined;

  constructor(port: number, payload: string) {
    this.#port = port;
    this.#data = jobData(payload);
    this.#producer = this.#queue(false);
  }

  async open(): Promise<void> {
    await this.#producer.ready();
  }

  async enqueueBatch(first: number, count: number): Promise<void> {
    const jobs = Array.from({ length: count }, (_, offset) => this.#job(first + offset));
    const errors = await this.#producer.saveAll(jobs);
    for (const [, error] of errors) throw error;
  }

  async enqueueOne(index: number): Promise<void> {
    await this.#job(index).save();
  }

  async startWorkers(concurrency: number, onJob: OnJob): Promise<void> {
    this.#worker = this.#queue(true);
    await this.#worker.ready();
    this.#worker.process(concurrency, async ({ data: [index] }) => onJob(index));
    // It calls itself from then on.
    await this.#worker.checkStalledJobs(STALL_INTERVAL_MS);
  }

  async waiting({ redis }: Look): Promise<number> {
    return redis.listLength(WAITING);
  }

  async left({ redis }: Look): Promise<number> {
    return redis.existing([WAITING, ACTIVE]);
  }

  async close(): Promise<void> {
    await this.#worker?.close();
    await this.#producer.close();
  }

  #job(index: number): Queue.Job<JobData> {
    return this.#producer.createJob<JobData>(this.#data(index)).retries(1);
  }

  #queue(isWorker: boolean): Queue<JobData> {
    const queue = new Queue<JobData>(QUEUE, {
      redis: { host: "127.0.0.1", port: this.#port },
      isWorker,
      getEvents: false,
      sendEvents: false,
      storeJobs: false,
      removeOnSuccess: true,
      removeOnFailure: true,
      stallInterval: STALL_INTERVAL_MS,
    });
    queue.on("error", fail);
    return queue;
  }
}

function fail(error: Error): never {
  throw error;
}
