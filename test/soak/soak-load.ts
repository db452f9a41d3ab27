import { setTimeout as sleep } from "node:timers/promises";

import { Batch, currentJob, type Engine, JobStatus, RetryError } from "spinach";

/** A job of each kind, and how many of them a round has. */
const COUNTS = { batch: 1000, single: 100, future: 100, retried: 50, limited: 200, hanging: 5 };

/** How many jobs a round schedules. */
export const JOBS_A_ROUND: number = Object.values(COUNTS).reduce((sum, count) => sum + count, 0);

/** Registers the tasks of the load. */
export function addTasks(spin: Engine, queue: string): void {
  const retried = { queue, maxRetries: 3 };
  spin.task("quick", retried, () => undefined);
  spin.task("slow", retried, async (ms: number) => {
    await sleep(ms, undefined, { signal: currentJob()?.signal });
  });
  spin.task("flaky", retried, async () => {
    if (currentJob()?.retries === 0) {
      throw new RetryError("planned", { at: new Date(Date.now() + 50) });
    }
  });
  spin.task("limited", { ...retried, maxConcurrency: 5 }, async () => {
    await sleep(1);
  });
  spin.task("hanging", { queue, timeout: 50 }, async () => {
    await sleep(60_000, undefined, { signal: currentJob()?.signal });
  });
}

/** One that makes its own jobs; it does not count. */
export function addPeriodicTask(spin: Engine, queue: string): void {
  spin.task("beat", { queue, periodicity: 200 }, () => undefined);
}

/** Schedules the jobs of a round. */
export async function scheduleRound(spin: Engine): Promise<void> {
  const batch = new Batch();
  for (let index = 0; index < COUNTS.batch; index += 1) {
    if (index % 10 === 0) batch.schedule("slow", index / 10);
    else batch.schedule("quick");
  }
  for (let index = 0; index < COUNTS.future; index += 1) {
    batch.scheduleAt("quick", new Date(Date.now() + 5 * index));
  }
  for (let index = 0; index < COUNTS.retried; index += 1) batch.schedule("flaky");
  for (let index = 0; index < COUNTS.limited; index += 1) batch.schedule("limited");
  for (let index = 0; index < COUNTS.hanging; index += 1) batch.schedule("hanging");
  await spin.scheduleBatch(batch);
  const singles = Array.from({ length: COUNTS.single }, () => spin.schedule("quick"));
  await Promise.all(singles);
}

/** Counts the jobs of the load that have ended for good. */
export class Tally {
  #ended = 0;
  #wanted = Infinity;
  #reached = Promise.withResolvers<void>();

  constructor(spin: Engine) {
    spin.on("jobFinished", ({ job }) => {
      const isOver = job.status === JobStatus.SUCCEEDED || job.status === JobStatus.FAILED;
      if (!isOver || job.taskName === "beat") return;
      this.#ended += 1;
      if (this.#ended >= this.#wanted) this.#reached.resolve();
    });
  }

  /** Resolves when so many have ended, all in all. */
  async reaches(wanted: number): Promise<void> {
    this.#wanted = wanted;
    if (this.#ended >= wanted) return;
    this.#reached = Promise.withResolvers();
    await this.#reached.promise;
  }

  get ended(): number {
    return this.#ended;
  }
}
