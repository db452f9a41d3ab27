import type { JobPool, PoolJob } from "../lib/job-pool.ts";

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
