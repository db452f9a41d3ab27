import { Logger, makeWorkerUtils, run, type Runner, type WorkerUtils } from "graphile-worker";

import type { Contender, OnJob, Setting, Setup } from "../lib/contender.ts";
import { type JobData, jobData } from "../lib/job-data.ts";
import type { Look } from "../servers/look.ts";

export const SETTINGS: readonly Setting[] = [
  [
    "`localQueue: { size: 500 }`, or one more than `concurrentJobs` if that is greater",
    "the configuration of its page on performance, and its rule for the size: jobs are fetched and locked in batches",
  ],
  [
    "`completeJobBatchDelay: 0`, `failJobBatchDelay: 0`",
    "the same page: jobs that end in the same turn are deleted together",
  ],
  [
    "`maxPoolSize`: one more than `concurrentJobs`, at most 25",
    "the same page has 24 and 25; its batches need few connections however many jobs run",
  ],
  ["`addJobs` for batches", "its way to add many jobs in one statement"],
  [
    "PostgreSQL with `fsync`, `synchronous_commit` and `full_page_writes` off, `shared_buffers` 512 MB, `max_wal_size` 4 GB",
    "keeps nothing through a power cut, as Redis here: else the disk would be measured. So it is faster than in production",
  ],
];

const JOBS = "SELECT count(*) FROM graphile_worker._private_jobs";
const MOST_CONNECTIONS = 25;
const LOCAL_QUEUE = 500;

export function create({ postgresUrl, payload }: Setup): Contender {
  return new GraphileContender(postgresUrl, payload);
}

class GraphileContender implements Contender {
  readonly #url: string;
  readonly #data: (index: number) => JobData;
  #utils: WorkerUtils | undefined;
  #runner: Runner | undefined;

  constructor(url: string, payload: string) {
    this.#url = url;
    this.#data = jobData(payload);
  }

  async open(): Promise<void> {
    this.#utils = await makeWorkerUtils({ connectionString: this.#url, logger: SILENT });
    await this.#utils.migrate();
  }

  async enqueueBatch(first: number, count: number): Promise<void> {
    const jobs = Array.from({ length: count }, (_, offset) => ({
      identifier: "noop",
      payload: this.#data(first + offset),
    }));
    await this.#utils?.addJobs(jobs);
  }

  async enqueueOne(index: number): Promise<void> {
    await this.#utils?.addJob("noop", this.#data(index));
  }

  async startWorkers(concurrency: number, onJob: OnJob): Promise<void> {
    this.#runner = await run({
      preset: {
        worker: {
          connectionString: this.#url,
          concurrentJobs: concurrency,
          maxPoolSize: Math.min(MOST_CONNECTIONS, concurrency + 1),
          localQueue: { size: Math.max(LOCAL_QUEUE, concurrency + 1) },
          completeJobBatchDelay: 0,
          failJobBatchDelay: 0,
          logger: SILENT,
        },
      },
      noHandleSignals: true,
      parsedCronItems: [],
      taskList: {
        noop: async (payload) => {
          const [index] = payload as JobData;
          await onJob(index);
        },
      },
    });
  }

  async waiting({ postgres }: Look): Promise<number> {
    return postgres.number(JOBS);
  }

  async left({ postgres }: Look): Promise<number> {
    return postgres.number(JOBS);
  }

  async close(): Promise<void> {
    await this.#runner?.stop();
    await this.#utils?.release();
  }
}

const SILENT = new Logger(() => () => undefined);
