import type { Setting } from "../lib/contender.ts";
import type { JobPool, PoolJob } from "../lib/job-pool.ts";

/** Of Piscina and Tinypool. */
export const SETTINGS: readonly Setting[] = [
  [
    "Piscina: `minThreads` and `maxThreads` the same",
    "its guide: so that no thread is started while it is measured",
  ],
  [
    "`concurrentTasksPerWorker` 1, and 10",
    "1 is its default and what `ThreadWorkers` promises; its guide advises more for tasks that are short",
  ],
  [
    "`recordTiming: false`",
    "its guide: it costs time; Spinach notes how long a job took all the same",
  ],
  ['`atomics: "sync"`, `FixedQueue`', "its defaults, and the fastest that it has"],
  ["Tinypool: the same number of threads", "all else is as fast as it gets by default"],
  [
    "1,000 calls under way",
    "a pool has no queue that outlives the call; Spinach's jobs are scheduled in batches of 1,000",
  ],
];

/** Calls under way at a time: enough that no thread waits, few enough for the collector. */
const IN_FLIGHT = 1000;

/** What Piscina and Tinypool have in common. */
interface Pool {
  run(argument: unknown, options?: { readonly name: string }): Promise<unknown>;
  destroy(): Promise<void>;
}

/** A pool whose jobs are calls. */
export class RunPool implements JobPool {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async open(): Promise<void> {
    await this.#pool.run(0);
  }

  async runAll(job: PoolJob, count: number, onJob: () => void): Promise<void> {
    const options = job.name === "noop" ? undefined : { name: job.name };
    let next = 0;
    const call = async (): Promise<void> => {
      while (next < count) {
        const argument = job.argument ?? next;
        next += 1;
        await this.#pool.run(argument, options);
        onJob();
      }
    };
    await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, count) }, call));
  }

  async runOne(index: number): Promise<void> {
    await this.#pool.run(index);
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}
