import type { StoredJob } from "../../core/job.ts";

/** What this process knows of itself as a broker of the cluster. */
export class Member {
  readonly uuid: string;
  /** Its row in `spinach_brokers`. */
  readonly broker: number;
  /** By job id: the row of each job that it holds. The file says the same after each commit. */
  readonly held: Map<string, number> = new Map();

  constructor(uuid: string, broker: number) {
    this.uuid = uuid;
    this.broker = broker;
  }

  /** After a commit. */
  took(jobs: readonly StoredJob[], rows: readonly number[]): void {
    for (const [index, { job }] of jobs.entries()) {
      const row = rows[index];
      if (row !== undefined) this.held.set(job.id, row);
    }
  }

  /** After a commit. */
  settled(ids: readonly string[]): void {
    for (const id of ids) this.held.delete(id);
  }
}
