import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setImmediate as turn } from "node:timers/promises";

import type { Contender, OnJob, Setting, Setup } from "../lib/contender.ts";

export const SETTINGS: readonly Setting[] = [
  ["write-ahead log, `synchronous=NORMAL`, brought to the file at 16 MiB", "as Spinach has it"],
];

const TABLES = `
CREATE TABLE IF NOT EXISTS jobs (id INTEGER PRIMARY KEY, wire TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS ready (job INTEGER PRIMARY KEY) STRICT;
CREATE TABLE IF NOT EXISTS running (job INTEGER PRIMARY KEY) STRICT`;

/** What the floor reads of the text of a job. */
interface FloorJob {
  readonly task_args: readonly [number];
}

export function create(setup: Setup): Contender {
  return new SqliteFloor(setup);
}

/**
 * No queue, only what one cannot do without: the statements, a commit a trip, and the arguments of each job
 * read from its JSON. No retries, leases, limits or errors. The text of its jobs is Spinach's.
 */
class SqliteFloor implements Contender {
  readonly #path: string;
  #db: DatabaseSync | undefined;
  #ended: number[] = [];
  #stopping = false;
  #loop: Promise<void> | undefined;

  constructor({ folder }: Setup) {
    this.#path = join(folder, "floor.db");
  }

  async open(): Promise<void> {
    this.#db = new DatabaseSync(this.#path);
    this.#db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    this.#db.exec(`PRAGMA wal_autocheckpoint = 4096; ${TABLES}`);
  }

  async enqueueBatch(first: number, count: number): Promise<void> {
    const db = this.#open;
    const addJob = db.prepare("INSERT INTO jobs (wire) VALUES (?)");
    const addReady = db.prepare("INSERT INTO ready (job) VALUES (?)");
    db.exec("BEGIN IMMEDIATE");
    for (let index = first; index < first + count; index += 1) {
      addReady.run(addJob.run(jobText(index)).lastInsertRowid);
    }
    db.exec("COMMIT");
  }

  async enqueueOne(index: number): Promise<void> {
    await this.enqueueBatch(index, 1);
  }

  async startWorkers(concurrency: number, onJob: OnJob): Promise<void> {
    this.#loop = this.#work(concurrency, async (index) => onJob(index));
  }

  async #work(concurrency: number, run: (index: number) => Promise<void>): Promise<void> {
    const trip = this.#trip(concurrency);
    while (!this.#stopping || this.#ended.length > 0) {
      const jobs = trip();
      const runs = jobs.map(({ id, wire }) => {
        this.#ended.push(Number(id));
        return run(...(JSON.parse(String(wire)) as FloorJob).task_args);
      });
      await Promise.all(runs);
      if (jobs.length === 0) await turn();
    }
  }

  /** Forgets the jobs that ended, takes others, and notes them as running. */
  #trip(concurrency: number) {
    const db = this.#open;
    const deleteRunning = db.prepare(
      "DELETE FROM running WHERE job IN (SELECT value FROM json_each(?))",
    );
    const deleteJobs = db.prepare("DELETE FROM jobs WHERE id IN (SELECT value FROM json_each(?))");
    const oldest = db.prepare(
      "SELECT id, wire FROM ready CROSS JOIN jobs ON id = job ORDER BY job LIMIT ?",
    );
    const addRunning = db.prepare("INSERT INTO running SELECT job FROM ready WHERE job <= ?");
    const deleteReady = db.prepare("DELETE FROM ready WHERE job <= ?");
    return () => {
      const ended = JSON.stringify(this.#ended);
      db.exec("BEGIN IMMEDIATE");
      if (this.#ended.length > 0) {
        deleteRunning.run(ended);
        deleteJobs.run(ended);
      }
      this.#ended = [];
      const jobs = this.#stopping ? [] : oldest.all(concurrency);
      const last = jobs.at(-1)?.["id"];
      if (last !== undefined) {
        addRunning.run(last);
        deleteReady.run(last);
      }
      db.exec("COMMIT");
      return jobs;
    };
  }

  async waiting(): Promise<number> {
    return this.#count("ready");
  }

  async left(): Promise<number> {
    return this.#count("jobs");
  }

  #count(table: string): number {
    const db = new DatabaseSync(this.#path);
    const rows = db.prepare(`SELECT count(*) AS rows FROM ${table}`).get();
    db.close();
    return Number(rows?.["rows"]);
  }

  async close(): Promise<void> {
    this.#stopping = true;
    await this.#loop;
    this.#db?.close();
    this.#db = undefined;
  }

  get #open(): DatabaseSync {
    if (this.#db === undefined) throw new Error("the floor is not open");
    return this.#db;
  }
}

/** A text as Spinach's: the same members, and an id as long as a UUID. */
function jobText(index: number): string {
  const id = `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`;
  return `{"id":"${id}","status":2,"task_name":"noop","queue":"spinach","max_retries":1,"retries":0,"at":1760000000,"at_us":0,"task_args":[${index}],"task_kwargs":{}}`;
}
