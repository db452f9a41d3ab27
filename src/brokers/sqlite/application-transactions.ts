import { existsSync, statSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";

import type { StoredJob } from "../../core/job.ts";
import { checkMethods } from "../../core/option-checks.ts";
import type { BrokerContext } from "../broker.ts";
import { rememberLog } from "./connection-log.ts";
import { hasLog } from "./database-file.ts";
import { FileGuard } from "./file-guard.ts";
import { deleted } from "./file-problems.ts";
import { JobPlaces } from "./job-places.ts";
import { migrate } from "./migrations.ts";
import { NamespaceSession } from "./namespace-session.ts";
import { SqlSession } from "./sql-session.ts";
import { isBusy, sqliteError } from "./sqlite-errors.ts";
import { type Work, Woken } from "./work.ts";

/** How often it is looked whether a transaction has ended, in ms: at first, and at last. */
const LOOK_EVERY_MS = { first: 1, last: 50 };

/** What it takes to work in transactions of the application. */
export interface ApplicationTransactionsParts extends BrokerContext {
  readonly path: string;
  /** Called soon after a transaction has ended, committed or not. */
  readonly onCommitted: (woken: Woken) => void;
}

/** A connection of the application. */
interface Connection {
  readonly db: DatabaseSync;
  readonly sql: SqlSession;
  /** From its first call on. */
  readonly guard: FileGuard;
}

/** What a transaction has brought so far, to be told once it has ended. */
interface Untold {
  readonly woken: Woken;
  readonly ids: string[];
}

/** Takes jobs in as part of transactions that the application has begun, on its own connections. */
export class ApplicationTransactions {
  readonly #parts: ApplicationTransactionsParts;
  readonly #connections = new WeakMap<DatabaseSync, Connection>();
  readonly #untold = new Map<DatabaseSync, Untold>();

  constructor(parts: ApplicationTransactionsParts) {
    this.#parts = parts;
  }

  /**
   * All or none of the jobs become part of the transaction.
   *
   * @throws TypeError or RangeError if it is none on this file; BrokerError if SQLite refuses, or what the connection
   * commits would be lost
   */
  enqueue(transaction: object, jobs: readonly StoredJob[]): void {
    const db = this.#checked(transaction);
    const connection = this.#connection(db);
    const untold = this.#untold.get(db) ?? { woken: new Woken(), ids: [] };
    try {
      this.#enqueueWithin(connection, jobs, untold.woken);
    } catch (error) {
      const lost = isBusy(error) ? undefined : connection.guard.problem();
      if (lost !== undefined) throw lost;
      throw sqliteError("scheduling within a transaction", this.#parts.path, error, BUSY_REMEDY);
    }
    for (const { job } of jobs) untold.ids.push(job.id);
    if (!this.#untold.has(db)) this.#tellAfter(connection, untold);
  }

  #enqueueWithin({ db, sql, guard }: Connection, jobs: readonly StoredJob[], woken: Woken): void {
    sql.run("SAVEPOINT spinach_enqueue");
    try {
      this.#add(sql, jobs, woken);
      guard.check();
    } catch (error) {
      // A full disk, for example, has ended the whole transaction.
      if (db.isTransaction) sql.run("ROLLBACK TO spinach_enqueue");
      throw error;
    } finally {
      if (db.isTransaction) sql.run("RELEASE spinach_enqueue");
    }
  }

  #add(sql: SqlSession, jobs: readonly StoredJob[], woken: Woken): void {
    const { namespace, runtime, path } = this.#parts;
    migrate(sql, path);
    // Nothing is remembered: the application may undo what is done here.
    const space = new NamespaceSession(sql, namespace);
    const work: Work = { space, nowMs: runtime.clock.now(), woken };
    new JobPlaces(work).add(jobs);
  }

  #connection(db: DatabaseSync): Connection {
    let connection = this.#connections.get(db);
    // One that was closed and opened again is another one, with another log.
    if (connection?.sql.isUsable !== true) {
      const sql = new SqlSession(db);
      connection = { db, sql, guard: this.#guardOf(db, sql) };
      this.#connections.set(db, connection);
    }
    return connection;
  }

  #guardOf(db: DatabaseSync, sql: SqlSession): FileGuard {
    const { path, runtime } = this.#parts;
    return new FileGuard({
      path,
      // SQLite has followed the links.
      file: db.location() ?? path,
      clock: runtime.clock,
      log: () => (hasLog(sql) ? rememberLog(db.location() ?? path) : undefined),
      onLost: (err) => {
        runtime.logger.error({ err, path }, LOST);
      },
    });
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
    if (location !== null && !existsSync(location)) throw deleted(location);
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
  #tellAfter(connection: Connection, untold: Untold): void {
    const { runtime, onCommitted } = this.#parts;
    const { db } = connection;
    this.#untold.set(db, untold);
    let everyMs = LOOK_EVERY_MS.first;
    const look = (): void => {
      if (isOpen(db)) {
        runtime.timers.set(look, everyMs);
        everyMs = Math.min(everyMs * 2, LOOK_EVERY_MS.last);
      } else {
        this.#untold.delete(db);
        this.#reportLost(connection, untold);
        onCommitted(untold.woken);
      }
    };
    queueMicrotask(look);
  }

  /** The application has committed by itself: who called cannot be told any more. */
  #reportLost({ db, guard }: Connection, { ids }: Untold): void {
    // The last one that is closed removes the log.
    if (!db.isOpen) return;
    try {
      guard.check();
    } catch (error) {
      const { path, runtime } = this.#parts;
      runtime.logger.error(
        { err: error, path, jobs: ids.length, ids: ids.slice(0, MOST_IDS) },
        MAY_BE_LOST,
      );
    }
  }
}

/** Most ids that one line of the log says. */
const MOST_IDS = 10;

const MAY_BE_LOST =
  "jobs of a transaction of the application may be lost, though it was committed: do what the error says, see which of " +
  "them are there, and schedule the others again";

const LOST =
  "this process schedules nothing any more within transactions on a connection of the application: do what the error " +
  "says; what the application itself commits there may be lost too";

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
