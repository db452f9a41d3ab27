import { accessSync, closeSync, constants, existsSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";

import { BrokerError } from "../../core/errors.ts";
import { UnreadableRowError } from "./sql-session.ts";

/** Primary result codes of SQLite: https://www.sqlite.org/rescode.html */
const CODES = Object.freeze({
  BUSY: 5,
  READONLY: 8,
  IOERR: 10,
  CORRUPT: 11,
  FULL: 13,
  CANTOPEN: 14,
  CONSTRAINT: 19,
  MISMATCH: 20,
  NOTADB: 26,
});

/** The extended code is the primary one and more bits above. */
const PRIMARY = 0xff;

const REMEDIES: Readonly<Record<number, string>> = {
  [CODES.BUSY]:
    "another connection keeps the file locked: keep its transactions short, and schedule within one of your own " +
    "with engine.inTransaction(db)",
  [CODES.READONLY]: "let this user write the file and its folder",
  [CODES.IOERR]: "see whether its disk works, and is there",
  [CODES.CORRUPT]:
    "the file is damaged: put a copy back, or save what is left with `sqlite3 FILE .recover`",
  [CODES.FULL]: "free space on its disk, or raise the limit of its size",
  [CODES.CANTOPEN]: "let this user write the folder, where SQLite keeps two more files",
  [CODES.NOTADB]: "it is no SQLite database: give another path",
};

/** What to do about errors of the system, by their codes. */
const SYSTEM_REMEDIES: Readonly<Record<string, string>> = {
  EACCES: "let this user write the file and its folder, and enter the folders on the way",
  EPERM: "let this user write the file and its folder, and enter the folders on the way",
  EMFILE:
    "this process has as many files open as it may: see what it leaves open, or raise the limit (ulimit -n)",
  ENFILE: "all processes of this machine have as many files open as they may: raise that limit",
  ENAMETOOLONG:
    "the path, with the -wal and -wake that is put behind it, is too long: give a shorter one",
  ENOTDIR: "a part of the path is a file, where a folder should be",
  ELOOP: "links on the way lead in a circle",
  ENOSPC: "free space on its disk",
  EROFS: "its disk can only be read: give a path on another one",
};

/** The primary result code of an error of SQLite; `undefined` if it is none. */
function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error)) return undefined;
  return typeof error.errcode === "number" ? error.errcode & PRIMARY : undefined;
}

/** Whether somebody else has the lock: trying again helps. */
export function isBusy(error: unknown): boolean {
  return sqliteCode(error) === CODES.BUSY;
}

/** Whether a row may be to blame that nobody of ours has written. */
export function isBadRow(error: unknown): boolean {
  if (error instanceof UnreadableRowError) return true;
  // What node:sqlite says of numbers that JavaScript cannot hold.
  if (systemCode(error) === "ERR_OUT_OF_RANGE") return true;
  const code = sqliteCode(error);
  return code === CODES.CONSTRAINT || code === CODES.MISMATCH;
}

/**
 * What failed, where, why, and what to do.
 * @param busyRemedy - what to do if somebody else has the lock, where it is not the broker that waited for it
 */
export function sqliteError(
  what: string,
  path: string,
  error: unknown,
  busyRemedy?: string,
): BrokerError {
  if (error instanceof BrokerError) return error;
  // SQLite says the same of all that the system refuses.
  const cause = sqliteCode(error) === CODES.CANTOPEN ? (systemError(path) ?? error) : error;
  const remedy = (isBusy(cause) ? busyRemedy : undefined) ?? remedyOf(cause);
  const reason = cause instanceof Error ? cause.message : String(cause);
  const advice = remedy === undefined ? "" : `; ${remedy}`;
  return new BrokerError(`SQLite: ${what} failed on ${path}: ${reason}${advice}`, { cause });
}

function remedyOf(error: unknown): string | undefined {
  const code = systemCode(error);
  return (
    REMEDIES[sqliteCode(error) ?? -1] ?? (code === undefined ? undefined : SYSTEM_REMEDIES[code])
  );
}

/** For example `EACCES`; `undefined` if it is no error of the system. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/**
 * What the system itself says of a file that SQLite could not open. The file is not opened for that: to close it would
 * let go of the locks of other connections of this process.
 */
function systemError(path: string): unknown {
  try {
    closeSync(openSync(dirname(path), "r"));
    accessSync(dirname(path), constants.W_OK | constants.X_OK);
    for (const suffix of ["", "-wal", "-shm"]) {
      if (existsSync(`${path}${suffix}`))
        accessSync(`${path}${suffix}`, constants.R_OK | constants.W_OK);
    }
    statSync(`${path}-wal`, { throwIfNoEntry: false });
    return undefined;
  } catch (error) {
    return error;
  }
}
