import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { Child } from "./child-process.ts";
import type { Fault } from "./fault.ts";
import type { Guard } from "./guard.ts";
import { junkFault } from "./junk-faults.ts";
import type { ChildRequest, StoreAddress } from "./programs/child.ts";
import { sqliteFaults, useFile } from "./sqlite-faults.ts";
import { type SqliteJunk, sqliteJunk } from "./sqlite-junk.ts";
import type { ChaosStore, FaultsContext } from "./store.ts";

/** Tables of which nothing is left when all jobs have ended. */
const JOB_TABLES = ["ready", "future", "parked", "running", "jobs"] as const;
const JUNK_TABLES = [...JOB_TABLES, "periodic"] as const;
const EMPTY_TABLES = [...JUNK_TABLES, "quarantine"] as const;

const NAMESPACE = "chaos";
const JUNK = sqliteJunk(NAMESPACE);

const HELD = `
SELECT json_extract(wire, '$.id') AS id
FROM spinach_running
JOIN spinach_jobs ON spinach_jobs.id = spinach_running.job
JOIN spinach_brokers ON spinach_brokers.id = spinach_running.broker
WHERE uuid = ?`;

/** A file of SQLite that all processes share. */
export class SqliteStore implements ChaosStore {
  readonly #guard: Guard;
  readonly #planted = new Set<SqliteJunk>();
  readonly #path: string;
  readonly #leaseMs: number;
  #opened: DatabaseSync | undefined;

  constructor({ guard, leaseMs }: { readonly guard: Guard; readonly leaseMs: number }) {
    this.#guard = guard;
    this.#path = join(guard.folder, "chaos.db");
    this.#leaseMs = leaseMs;
  }

  async addressFor(): Promise<StoreAddress> {
    return this.#address;
  }

  faults({ starter, log }: FaultsContext): readonly Fault[] {
    const parts = { path: this.#path, leaseMs: this.#leaseMs, starter, reader: this.#makeReader() };
    return [
      ...sqliteFaults(parts),
      junkFault({
        pieces: JUNK,
        plant: async (piece) => {
          this.#planted.add(piece);
          await this.#execute(piece.plant);
        },
        nameOf: ({ table, what }) => `${table}: ${what}`,
        log,
      }),
    ];
  }

  async heal(): Promise<void> {
    for (const { undo } of this.#planted) if (undo !== undefined) await this.#execute(undo);
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
    for (const table of this.#planted.size > 0 ? JUNK_TABLES : EMPTY_TABLES) {
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

  get #address(): StoreAddress {
    return { store: "sqlite", at: this.#path, namespace: NAMESPACE, leaseMs: this.#leaseMs };
  }

  #makeReader(): Child {
    const address = this.#address;
    const nothing = { rate: 0, seed: 0, ownUntilMs: 0, closing: false, workers: "async" } as const;
    const request = (): ChildRequest => ({ address, ...nothing });
    return new Child({ name: "reader", program: "reader", guard: this.#guard, request });
  }

  async #execute(statements: string): Promise<void> {
    await useFile(this.#path, (file) => file.exec(`BEGIN IMMEDIATE; ${statements}; COMMIT`));
  }

  async stop(): Promise<void> {
    this.#opened?.close();
  }

  #rows(sql: string, ...values: readonly string[]): ReadonlyArray<Record<string, unknown>> {
    this.#opened ??= new DatabaseSync(this.#path, { readOnly: true, timeout: 30_000 });
    return this.#opened.prepare(sql).all(...values);
  }
}
