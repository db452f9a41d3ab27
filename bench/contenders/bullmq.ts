import { type ConnectionOptions, Queue, Worker } from "bullmq";

import type { Contender, OnJob, Setting, Setup } from "../lib/contender.ts";
import { type JobData, jobData } from "../lib/job-data.ts";
import type { Look } from "../servers/look.ts";

export const SETTINGS: readonly Setting[] = [
  [
    "ioredis as its client, one connection for the queue, those of the worker its own",
    "the client that BullMQ takes by default; the newest version of the line that it is developed with",
  ],
  [
    "`maxRetriesPerRequest: null`",
    "its guide demands it for workers: a call waits while Redis is away",
  ],
  [
    "no `enableAutoPipelining` of ioredis",
    "its author does not expect it to work in BullMQ (issue 1127 of its repository)",
  ],
  [
    "`removeOnComplete: { count: 0 }`, `removeOnFail: { count: 0 }` on the worker",
    "its guide advises not to keep all ended jobs; none is the least work and memory, and what Spinach does. " +
      "On the worker, because as options of each job they would take memory in each",
  ],
  [
    "`concurrency` of one worker: as many as Spinach's coroutines",
    "its guide's way to run asynchronous jobs at once in a process",
  ],
  [
    "`addBulk` for batches",
    "its guide's way to add many jobs: one transaction instead of a call each",
  ],
  [
    "`maxmemory-policy noeviction`, no persistence",
    "its guide demands the first; the second is the same for all contenders",
  ],
  [
    "stalled checks, lock renewal, the stream of events and `drainDelay` as they are by default",
    "they keep its promises, as Spinach's leases and notifications do, which are on too",
  ],
  ["data of a job: `[number]`", "the same JSON as Spinach's arguments"],
  [
    "no priorities, delays, flows, metrics or telemetry",
    "none is needed for these jobs, and none could make it faster",
  ],
];
const QUEUE = "bench";
const WAITING = `bull:${QUEUE}:wait`;

export function create({ redisPort, payload }: Setup): Contender {
  return new BullContender(redisPort, payload);
}

/** Set up as its documentation advises for production. */
class BullContender implements Contender {
  readonly #data: (index: number) => JobData;
  readonly #connection: ConnectionOptions;
  readonly #queue: Queue;
  #worker: Worker | undefined;

  constructor(port: number, payload: string) {
    this.#data = jobData(payload);
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
      data: this.#data(first + offset),
    }));
    await this.#queue.addBulk(jobs);
  }

  async enqueueOne(index: number): Promise<void> {
    await this.#queue.add("noop", this.#data(index));
  }

  async startWorkers(concurrency: number, onJob: OnJob): Promise<void> {
    this.#worker = new Worker<JobData>(QUEUE, async ({ data: [index] }) => onJob(index), {
      connection: this.#connection,
      concurrency,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
    });
    this.#worker.on("error", fail);
    await this.#worker.waitUntilReady();
  }

  async waiting({ redis }: Look): Promise<number> {
    return redis.listLength(WAITING);
  }

  async left({ redis }: Look): Promise<number> {
    return redis.existing([WAITING, `bull:${QUEUE}:active`]);
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
