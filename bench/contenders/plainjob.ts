import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import Database from "better-sqlite3";
import { better, defineQueue, defineWorker, type Queue, type Worker } from "plainjob";

import type { Contender, OnJob, Setting, Setup } from "../lib/contender.ts";
import { type JobData, jobData } from "../lib/job-data.ts";

export const SETTINGS: readonly Setting[] = [
  [
    "better-sqlite3 as its driver",
    "its README's for Node; the newest version, which brings its binary along",
  ],
  [
    "write-ahead log, `synchronous=NORMAL`, `busy_timeout` 5 s",
    "it sets them itself; the first two are Spinach's too",
  ],
  [
    "as many workers as Spinach's coroutines, on one connection",
    "a worker runs one job after the other: its only way to run several at once in a process",
  ],
  ["`addMany` for batches", "its way to add many jobs in one transaction"],
  ["a logger that writes nothing", "its own would write several lines a job"],
  [
    "`removeDoneJobsOlderThan` as it is by default, 7 days",
    "so nothing is removed while it is measured, which is less work than Spinach's",
  ],
];

const TYPE = "noop";

/** Of its status: jobs that wait are 0, and those that run 1. */
const WAITING = "SELECT count(*) AS jobs FROM plainjob_jobs WHERE status = 0";
const LEFT = "SELECT count(*) AS jobs FROM plainjob_jobs WHERE status < 2";

export function create(setup: Setup): Contender {
  return new PlainjobContender(setup);
}

class PlainjobContender implements Contender {
  readonly #path: string;
  readonly #data: (index: number) => JobData;
  #queue: Queue | undefined;
  #workers: readonly Worker[] = [];
  #running: ReadonlyArray<Promise<void>> = [];

  constructor({ folder, payload }: Setup) {
    this.#path = join(folder, "plainjob.db");
    this.#data = jobData(payload);
  }

  async open(): Promise<void> {
    this.#queue = defineQueue({ connection: better(new Database(this.#path)), logger: SILENT });
  }

  async enqueueBatch(first: number, count: number): Promise<void> {
    const jobs = Array.from({ length: count }, (_, offset) => this.#data(first + offset));
    this.#open.addMany(TYPE, jobs);
  }

  async enqueueOne(index: number): Promise<void> {
    this.#open.add(TYPE, this.#data(index));
  }

  async startWorkers(concurrency: number, onJob: OnJob): Promise<void> {
    const run = async ({ data }: { readonly data: string }): Promise<void> => {
      const [index] = JSON.parse(data) as JobData;
      await onJob(index);
    };
    const options = { queue: this.#open, logger: SILENT };
    this.#workers = Array.from({ length: concurrency }, () => defineWorker(TYPE, run, options));
    this.#running = this.#workers.map(async (worker) => worker.start());
  }

  async waiting(): Promise<number> {
    return this.#count(WAITING);
  }

  async left(): Promise<number> {
    return this.#count(LEFT);
  }

  #count(query: string): number {
    const db = new DatabaseSync(this.#path);
    const row = db.prepare(query).get();
    db.close();
    return Number(row?.["jobs"]);
  }

  /** Its `stop` does not wait for jobs that run: the promise of its `start` does. */
  async close(): Promise<void> {
    await Promise.all(this.#workers.map(async (worker) => worker.stop()));
    await Promise.all(this.#running);
    this.#queue?.close();
    this.#queue = undefined;
  }

  get #open(): Queue {
    if (this.#queue === undefined) throw new Error("plainjob is not open");
    return this.#queue;
  }
}

const ignore = (): void => undefined;
const SILENT = { error: ignore, warn: ignore, info: ignore, debug: ignore };
