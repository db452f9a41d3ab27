import { PgBoss } from "pg-boss";

import type { Contender, OnJob, Setting, Setup } from "../lib/contender.ts";
import { type JobData, jobData } from "../lib/job-data.ts";
import type { Look } from "../servers/look.ts";

export const SETTINGS: readonly Setting[] = [
  [
    "`batchSize`: as many as run at once, 100 at least; the handler runs that many of them at a time",
    "its documentation: a worker fetches and completes a batch in one statement each; and one that runs few at once would else wait for its poll after each",
  ],
  [
    "`burstWhenBatchFull: true`, `pollingIntervalSeconds: 0.5`",
    "its documentation: no pause while batches come back full; half a second is the shortest poll",
  ],
  [
    "`useListenNotify: true` and `notify: true` on the queue",
    "its documentation: wakes the worker the moment that a job is created",
  ],
  ["`insert` for batches", "its way to create many jobs in one statement"],
  ["PostgreSQL as for graphile-worker", "the same server"],
];

const QUEUE = "noop";
const LEAST_BATCH = 100;
const SHORTEST_POLL_SECONDS = 0.5;

export function create({ postgresUrl, payload }: Setup): Contender {
  return new BossContender(postgresUrl, payload);
}

/** It wants an object. */
interface Data {
  readonly args: JobData;
}

class BossContender implements Contender {
  readonly #boss: PgBoss;
  readonly #data: (index: number) => JobData;

  constructor(connectionString: string, payload: string) {
    this.#boss = new PgBoss({ connectionString, useListenNotify: true });
    this.#boss.on("error", fail);
    this.#data = jobData(payload);
  }

  async open(): Promise<void> {
    await this.#boss.start();
    await this.#boss.createQueue(QUEUE, { notify: true });
  }

  async enqueueBatch(first: number, count: number): Promise<void> {
    const jobs = Array.from({ length: count }, (_, offset) => ({
      data: { args: this.#data(first + offset) },
    }));
    await this.#boss.insert(QUEUE, jobs);
  }

  async enqueueOne(index: number): Promise<void> {
    await this.#boss.send(QUEUE, { args: this.#data(index) });
  }

  async startWorkers(concurrency: number, onJob: OnJob): Promise<void> {
    const options = {
      batchSize: Math.max(concurrency, LEAST_BATCH),
      burstWhenBatchFull: true,
      pollingIntervalSeconds: SHORTEST_POLL_SECONDS,
    };
    await this.#boss.work<Data>(QUEUE, options, async (jobs) => {
      const left = jobs.values();
      const lane = async (): Promise<void> => {
        for (const { data } of left) await run(data, onJob);
      };
      await Promise.all(Array.from({ length: concurrency }, lane));
    });
  }

  async waiting({ postgres }: Look): Promise<number> {
    return postgres.number(`SELECT count(*) FROM pgboss.job WHERE state < 'active'`);
  }

  async left({ postgres }: Look): Promise<number> {
    return postgres.number(`SELECT count(*) FROM pgboss.job WHERE state < 'completed'`);
  }

  async close(): Promise<void> {
    await this.#boss.stop();
  }
}

/** A job is an async function, as elsewhere. */
async function run({ args: [index] }: Data, onJob: OnJob): Promise<void> {
  await onJob(index);
}

function fail(error: Error): never {
  throw error;
}
