import { readdirSync, readFileSync } from "node:fs";

import { Client } from "pg";

/** Linux counts the CPU time of a process in hundredths of a second. */
const US_PER_TICK = 10_000;

/** The schemas that contenders make. */
const SCHEMAS = ["graphile_worker", "pgboss"];

/** A connection of the harness to PostgreSQL; stands once it was asked for something. */
export class PostgresProbe {
  readonly #client;
  #connected: Promise<unknown> | undefined;
  #queries = 0;

  constructor(url: string) {
    this.#client = new Client({ connectionString: url });
  }

  async flush(): Promise<void> {
    for (const schema of SCHEMAS) await this.number(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  }

  /** The first column of the first row, or 0. */
  async number(query: string): Promise<number> {
    return Number((await this.#value(query)) ?? 0);
  }

  async version(): Promise<string> {
    return String(await this.#value("SHOW server_version")).split(" ")[0] ?? "?";
  }

  /** Transactions that ended, without those of the probe itself. */
  async commands(): Promise<number> {
    const ended = "SELECT sum(xact_commit + xact_rollback) FROM pg_stat_database";
    // Its own are those that it has asked for until now.
    return (await this.number(ended)) - this.#queries;
  }

  /** CPU time that all its processes have used, in us: Linux tells it. */
  async serverCpuUs(): Promise<number> {
    const own = await this.number("SELECT pg_backend_pid()");
    const server = processTimes(own)?.parent;
    const all = readdirSync("/proc").map((name) => processTimes(Number(name)));
    const running = all.filter((times) => times?.parent === server);
    const ended = server === undefined ? 0 : (processTimes(server)?.childTicks ?? 0);
    return US_PER_TICK * running.reduce((sum, times) => sum + (times?.ticks ?? 0), ended);
  }

  async close(): Promise<void> {
    if (this.#connected !== undefined) await this.#client.end();
  }

  async #value(query: string): Promise<unknown> {
    this.#connected ??= this.#client.connect();
    await this.#connected;
    this.#queries += 1;
    const { rows } = await this.#client.query<unknown[]>({ text: query, rowMode: "array" });
    return rows[0]?.[0];
  }
}

interface ProcessTimes {
  readonly parent: number;
  readonly ticks: number;
  /** Of children that have ended. */
  readonly childTicks: number;
}

function processTimes(pid: number): ProcessTimes | undefined {
  if (!(pid > 0)) return undefined;
  try {
    // After the name, which may hold spaces: state, parent, ... and the times in fields 14 to 17.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    const [parent = 0, user = 0, system = 0, childUser = 0, childSystem = 0] = [
      1, 11, 12, 13, 14,
    ].map((field) => Number(fields[field]));
    return { parent, ticks: user + system, childTicks: childUser + childSystem };
  } catch {
    // It has ended.
    return undefined;
  }
}
