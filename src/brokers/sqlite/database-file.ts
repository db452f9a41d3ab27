import { statSync } from "node:fs";
import { dirname } from "node:path";

import { BrokerError } from "../../core/errors.ts";
import { logOf } from "./connection-log.ts";
import { integer, SqlSession, text } from "./sql-session.ts";
import { sqliteError } from "./sqlite-errors.ts";
import { type Patience, whileBusy } from "./while-busy.ts";

/** How the file is opened. */
export interface DatabaseOptions {
  readonly path: string;
  readonly synchronous: Synchronous;
  /** How long to wait for others. */
  readonly patience: Patience;
  /** Whether to make no new file. */
  readonly mustExist?: boolean | undefined;
}

/** What a commit waits for: see SqliteBrokerOptions. */
export type Synchronous = "NORMAL" | "FULL";

/** SQLite itself may block its thread for so long to wait for a lock, in ms; then the event loop turns. */
const BUSY_TIMEOUT_MS = 2;

/** The same where nobody waits for the thread, in ms. */
const PATIENT_TIMEOUT_MS = 200;

/** Pages of the write-ahead log after which a commit also brings them to the file: 16 MiB. */
const CHECKPOINT_PAGES = 4096;

/** The log's file is cut to this after it was brought to the file, in bytes. */
const LOG_LIMIT_BYTES = 64 * 1024 * 1024;

/**
 * Opens a file that may not exist yet. Loads `node:sqlite` only now: to import this module prints no
 * warning. Rejects with BrokerError, or an error of SQLite.
 */
export async function openDatabase(options: DatabaseOptions): Promise<SqlSession> {
  const { path, synchronous, patience, mustExist = false } = options;
  refuseImpossible(path, mustExist);
  const { DatabaseSync } = await import("node:sqlite");
  const sql = new SqlSession(new DatabaseSync(path));
  try {
    sql.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    // After a process was killed, another one may be reading its log just now.
    await whileBusy(patience, () => {
      useLog(sql, path);
      sql.exec(`PRAGMA synchronous = ${synchronous}`);
      sql.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
      sql.exec(`PRAGMA journal_size_limit = ${LOG_LIMIT_BYTES}`);
    });
    return sql;
  } catch (error) {
    sql.close();
    throw error;
  }
}

/** What SQLite would say in riddles. */
function refuseImpossible(path: string, mustExist: boolean): void {
  const folder = dirname(path);
  if (kindOf(folder, path) === undefined) {
    throw new BrokerError(`SQLite: the folder of ${path} does not exist: make it first`);
  }
  const kind = kindOf(path, path);
  if (kind === "folder") {
    throw new BrokerError(`SQLite: ${path} is a folder: give the path of a file in it`);
  }
  if (kind === undefined && mustExist) {
    throw new BrokerError(`SQLite: ${path} was deleted or renamed while this process works on it`);
  }
}

/** @throws BrokerError if the system does not let it be seen */
function kindOf(place: string, path: string): "file" | "folder" | undefined {
  try {
    const found = statSync(place, { throwIfNoEntry: false });
    if (found === undefined) return undefined;
    return found.isDirectory() ? "folder" : "file";
  } catch (error) {
    throw sqliteError("opening", path, error);
  }
}

/** Without write-ahead log, readers and writers would stop each other. It stays in the file. */
function useLog(sql: SqlSession, path: string): void {
  const mode = text(sql.get("PRAGMA journal_mode = WAL")?.[0]);
  if (mode === WITH_LOG) return;
  throw new BrokerError(
    `SQLite: ${path} cannot have a write-ahead log (journal_mode is "${mode}"): ` +
      `put it on a disk of this machine, network file systems cannot share memory`,
  );
}

/** Whether a connection works with a write-ahead log: before a broker has opened the file, one of the application may not. */
export function hasLog(sql: SqlSession): boolean {
  return text(sql.get("PRAGMA journal_mode")?.[0]) === WITH_LOG;
}

/** What SQLite calls the mode with a write-ahead log. */
const WITH_LOG = "wal";

/** A number that changes when another connection, here or elsewhere, has committed. */
export function dataVersion(sql: SqlSession): number {
  return integer(sql.get("PRAGMA data_version")?.[0]);
}

/** A log, and what became of it. */
export interface Log {
  /** `needed` by readers, so that nobody was held up; `busy` if others were. */
  readonly state: "short" | "needed" | "busy" | "emptied";
  /** Its size before, in bytes. */
  readonly size: number;
}

/**
 * Brings a log to the file that has grown to more than it should, because commits of several processes left
 * no moment for it, and empties it. Others wait for their turn meanwhile, so it first does what holds nobody up:
 * if a reader needs the log, it waits for no one. To be called in a thread of its own.
 *
 * @param file - its path without links
 * @param mostBytes - size of the log that is let be
 */
export function shortenLog(
  sql: SqlSession,
  file: string,
  mostBytes: number = LOG_LIMIT_BYTES,
): Log {
  const size = statSync(logOf(file), { throwIfNoEntry: false })?.size ?? 0;
  if (size <= mostBytes) return { state: "short", size };
  const [, pages, done] = sql.get("PRAGMA wal_checkpoint(PASSIVE)") ?? [];
  // What was written meanwhile is little.
  if (integer(pages) - integer(done) > CHECKPOINT_PAGES) return { state: "needed", size };
  sql.exec(`PRAGMA busy_timeout = ${PATIENT_TIMEOUT_MS}`);
  const [isBusy] = sql.get("PRAGMA wal_checkpoint(TRUNCATE)") ?? [];
  sql.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
  // The next call comes soon.
  return { state: isBusy === 0 ? "emptied" : "busy", size };
}
