import { statSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";

import type { StoredJob } from "../../core/job.ts";
import { checkMethods } from "../../core/option-checks.ts";
import type { BrokerContext } from "../broker.ts";
import { JobPlaces } from "./job-places.ts";
import { migrate } from "./migrations.ts";
import { NamespaceSession } from "./namespace-session.ts";
import { SqlSession } from "./sql-session.ts";
import { sqliteError } from "./sqlite-errors.ts";
import { type Work, Woken } from "./work.ts";

/** How often it is looked whether a transaction has ended, in ms: at first, and at last. */
const LOOK_EVERY_MS = { first: 1, last: 50 };

/** What it takes to work in transactions of the application. */
export interface ApplicationTransactionsParts extends BrokerContext {
  readonly path: string;
  /** Called soon after a transaction has ended, committed or not. */
  readonly onCommitted: (woken: Woken) => void;
}

/** Takes jobs in as part of transactions that the application has begun, on its own connections. */
export class ApplicationTransactions {
  readonly #parts: ApplicationTransactionsParts;
  readonly #sessions = new WeakMap<DatabaseSync, SqlSession>();
  /** What is to be told once the connection's transaction has ended. */
  readonly #untold = new Map<DatabaseSync, Woken>();

  constructor(parts: ApplicationTransactionsParts) {
    this.#parts = parts;
  }

  /**
   * All or none of the jobs become part of the transaction.
   *
   * @throws TypeError or RangeError if it is none on this file; BrokerError if SQLite refuses
   */
  enqueue(transaction: object, jobs: readonly StoredJob[]): void {
    const db = this.#checked(transaction);
    const sql = this.#session(db);
    const woken = this.#untold.get(db) ?? new Woken();
    try {
      sql.run("SAVEPOINT spinach_enqueue");
      try {
        this.#add(sql, jobs, woken);
      } catch (error) {
        // A full disk, for example, has ended the whole transaction.
        if (db.isTransaction) sql.run("ROLLBACK TO spinach_enqueue");
        throw error;
      } finally {
        if (db.isTransaction) sql.run("RELEASE spinach_enqueue");
      }
    } catch (error) {
      throw sqliteError("scheduling within a transaction", this.#parts.path, error, BUSY_REMEDY);
    }
    if (!this.#untold.has(db)) this.#tellAfter(db, woken);
  }

  #add(sql: SqlSession, jobs: readonly StoredJob[], woken: Woken): void {
    const { namespace, runtime, path } = this.#parts;
    migrate(sql, path);
    // Nothing is remembered: the application may undo what is done here.
    const space = new NamespaceSession(sql, namespace);
    const work: Work = { space, nowMs: runtime.clock.now(), woken };
    new JobPlaces(work).add(jobs);
  }

  #session(db: DatabaseSync): SqlSession {
    let session = this.#sessions.get(db);
    if (session === undefined) {
      session = new SqlSession(db);
      this.#sessions.set(db, session);
    }
    return session;
  }

  #checked(transaction: object): DatabaseSync {
    const { path } = this.#parts;
    checkDatabase(transaction);
    if (!transaction.isTransaction) {
      throw new TypeError(
        `inTransaction: the connection has no open transaction: begin one with ` +
          `db.exec("BEGIN IMMEDIATE") first, and commit it after`,
      );
    }
    const location = transaction.location();
    if (location === null || !isSameFile(location, path)) {
      throw new RangeError(
        `inTransaction: the transaction is on ${location ?? "a database in memory"}, the broker's ` +
          `jobs are in ${path}: both must be the same file`,
      );
    }
    return transaction;
  }

  /**
   * A commit has no event: it is looked for, at once when this turn ends, then ever more slowly. Once a
   * transaction, however many calls it has.
   */
  #tellAfter(db: DatabaseSync, woken: Woken): void {
    const { runtime, onCommitted } = this.#parts;
    this.#untold.set(db, woken);
    let everyMs = LOOK_EVERY_MS.first;
    const look = (): void => {
      if (isOpen(db)) {
        runtime.timers.set(look, everyMs);
        everyMs = Math.min(everyMs * 2, LOOK_EVERY_MS.last);
      } else {
        this.#untold.delete(db);
        onCommitted(woken);
      }
    };
    queueMicrotask(look);
  }
}

/** A connection waits for nobody unless told; one that has read before cannot wait for the lock at all. */
const BUSY_REMEDY =
  "another connection is writing: let yours wait for it, with new DatabaseSync(path, { timeout: 5000 }), and " +
  'begin with "BEGIN IMMEDIATE"';

const METHODS = ["prepare", "exec", "location"] as const;

/** @throws TypeError */
function checkDatabase(value: object): asserts value is DatabaseSync {
  if (isOfAnotherLibrary(value)) {
    throw new TypeError(
      "inTransaction: this is a connection of another SQLite library (better-sqlite3, for example). Two libraries in " +
        "one process do not see each other's locks, and lose what the other has committed: use node:sqlite for " +
        "all of this file here, or another file for Spinach",
    );
  }
  checkMethods("inTransaction: expected a DatabaseSync of node:sqlite", value, METHODS);
}

/** They look alike; only Node's can say where its file is. */
function isOfAnotherLibrary(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return "prepare" in value && "exec" in value && !("location" in value);
}

/** Whether its transaction is; a connection that was closed has none. */
function isOpen(db: DatabaseSync): boolean {
  try {
    return db.isTransaction;
  } catch {
    return false;
  }
}

function isSameFile(one: string, other: string): boolean {
  const [first, second] = [one, other].map((path) => statSync(path, { throwIfNoEntry: false }));
  return first !== undefined && first.ino === second?.ino && first.dev === second.dev;
}
