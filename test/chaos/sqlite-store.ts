import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import type { Fault } from "./fault.ts";
import type { StoreAddress } from "./programs/child.ts";
import { sqliteFaults } from "./sqlite-faults.ts";
import type { ChaosStore } from "./store.ts";

/** Tables of which nothing is left when all jobs have ended. */
const JOB_TABLES = ["ready", "future", "parked", "running", "jobs"] as const;
const EMPTY_TABLES = [...JOB_TABLES, "periodic", "quarantine"] as const;

const HELD = `
SELECT json_extract(wire, '$.id') AS id
FROM spinach_running
JOIN spinach_jobs ON spinach_jobs.id = spinach_running.job
JOIN spinach_brokers ON spinach_brokers.id = spinach_running.broker
WHERE uuid = ?`;

/** A file of SQLite that all processes share. */
export class SqliteStore implements ChaosStore {
  readonly #path: string;
  readonly #leaseMs: number;
  #opened: DatabaseSync | undefined;

  constructor({ folder, leaseMs }: { readonly folder: string; readonly leaseMs: number }) {
    this.#path = join(folder, "chaos.db");
    this.#leaseMs = leaseMs;
  }

  async addressFor(): Promise<StoreAddress> {
    return { store: "sqlite", at: this.#path, namespace: "chaos", leaseMs: this.#leaseMs };
  }

  faults(): readonly Fault[] {
    return sqliteFaults(this.#path, this.#leaseMs);
  }

  async heal(): Promise<void> {
    // What locks the file lets it go by itself.
  }

  async pending(): Promise<number> {
    const [{ count } = {}] = this.#rows(
      `SELECT (SELECT count(*) FROM spinach_ready) + (SELECT count(*) FROM spinach_future)
       + (SELECT count(*) FROM spinach_parked) + (SELECT count(*) FROM spinach_running) AS count`,
    );
    return Number(count);
  }

  async held(brokerId: string): Promise<readonly string[]> {
    return this.#rows(HELD, brokerId).map(({ id }) => String(id));
  }

  async leftovers(stranded: ReadonlySet<string>): Promise<readonly string[]> {
    const lines: string[] = [];
    for (const table of EMPTY_TABLES) {
      const rows = this.#rows(`SELECT * FROM spinach_${table} LIMIT 5`);
      if (rows.length > 0) lines.push(`spinach_${table}: ${JSON.stringify(rows).slice(0, 500)}`);
    }
    for (const { task, running } of this.#rows("SELECT * FROM spinach_limits WHERE running != 0")) {
      lines.push(`spinach_limits: ${String(running)} of ${String(task)}`);
    }
    for (const { uuid } of this.#rows("SELECT uuid FROM spinach_brokers")) {
      if (!stranded.has(String(uuid))) lines.push(`spinach_brokers: ${String(uuid)}`);
    }
    return lines;
  }

  async stop(): Promise<void> {
    this.#opened?.close();
  }

  #rows(sql: string, ...values: readonly string[]): ReadonlyArray<Record<string, unknown>> {
    this.#opened ??= new DatabaseSync(this.#path, { readOnly: true, timeout: 30_000 });
    return this.#opened.prepare(sql).all(...values);
  }
}
