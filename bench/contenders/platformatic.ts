import { randomUUID } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";

import {
  FileStorage,
  type Job,
  MemoryStorage,
  Queue,
  RedisStorage,
  type Storage,
} from "@platformatic/job-queue";

import type { Contender, OnJob, Setting, Setup } from "../lib/contender.ts";
import { type JobData, jobData } from "../lib/job-data.ts";
import type { Look } from "../servers/look.ts";

export const SETTINGS: readonly Setting[] = [
  [
    "`concurrency` of one queue: as many as Spinach's coroutines",
    "its README's only way to run jobs at once in a process",
  ],
  [
    "ids are numbers, counted up",
    "it demands an id of the caller, to know duplicates; shorter ones are less work",
  ],
  [
    "no `Reaper`",
    "its README wants one in the cluster; without it there is less to do, so this is to its advantage",
  ],
  [
    "jobs return 0",
    "one that returns nothing fails: its default encoding cannot write `undefined`",
  ],
  ["all else as it is by default", "its README gives no other advice about speed"],
];

const QUEUE = "jq:queue";

export function create(setup: Setup, variant: string): Contender {
  const workerId = randomUUID();
  const keys = [QUEUE, `jq:processing:${workerId}`];
  switch (variant) {
    case "redis":
      return new PlatformaticContender(setup, workerId, {
        storage: new RedisStorage({ url: `redis://127.0.0.1:${setup.redisPort}` }),
        waiting: async ({ redis }) => redis.listLength(QUEUE),
        left: async ({ redis }) => redis.existing(keys),
      });
    case "file":
      // Else thousands of lines say "fs.watch maxQueue exceeded", whatever one does.
      process.removeAllListeners("warning");
      return new PlatformaticContender(setup, workerId, {
        storage: new FileStorage({ basePath: setup.folder }),
        waiting: async () => files(setup, "queue"),
        left: async () => files(setup, "queue") + files(setup, "processing"),
      });
    default:
      return new PlatformaticContender(setup, workerId, { storage: new MemoryStorage() });
  }
}

/** How many files are in one of its folders. */
function files({ folder }: Setup, name: string): number {
  const entries = readdirSync(join(folder, name), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).length;
}

interface Parts {
  readonly storage: Storage;
  readonly waiting?: Contender["waiting"];
  readonly left?: Contender["left"];
}

class PlatformaticContender implements Contender {
  readonly #parts: Parts;
  readonly #workerId: string;
  readonly #data: (index: number) => JobData;
  /** Schedules; a queue cannot get its concurrency later. */
  readonly #producer: Queue<JobData, number>;
  #worker: Queue<JobData, number> | undefined;

  constructor({ payload }: Setup, workerId: string, parts: Parts) {
    this.#parts = parts;
    this.#workerId = workerId;
    this.#data = jobData(payload);
    this.#producer = new Queue({ storage: parts.storage });
  }

  async open(): Promise<void> {
    await this.#producer.start();
  }

  /** It has no call for many: these are under way together. */
  async enqueueBatch(first: number, count: number): Promise<void> {
    const calls = Array.from({ length: count }, (_, offset) => this.enqueueOne(first + offset));
    await Promise.all(calls);
  }

  async enqueueOne(index: number): Promise<void> {
    await this.#producer.enqueue(String(index), this.#data(index));
  }

  async startWorkers(concurrency: number, onJob: OnJob): Promise<void> {
    const { storage } = this.#parts;
    this.#worker = new Queue({ storage, concurrency, workerId: this.#workerId });
    this.#worker.on("error", fail);
    this.#worker.execute(async ({ payload: [index] }: Job<JobData>) => {
      await onJob(index);
      return 0;
    });
    await this.#worker.start();
  }

  async waiting(look: Look): Promise<number> {
    return (await this.#parts.waiting?.(look)) ?? Number.NaN;
  }

  async left(look: Look): Promise<number> {
    return (await this.#parts.left?.(look)) ?? 0;
  }

  async close(): Promise<void> {
    await this.#worker?.stop();
    await this.#producer.stop();
  }
}

function fail(error: Error): never {
  throw error;
}
