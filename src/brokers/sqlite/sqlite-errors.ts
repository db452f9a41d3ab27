import { BrokerError } from "../../core/errors.ts";

/** Primary result codes of SQLite: https://www.sqlite.org/rescode.html */
const CODES = Object.freeze({
  BUSY: 5,
  READONLY: 8,
  IOERR: 10,
  CORRUPT: 11,
  FULL: 13,
  CANTOPEN: 14,
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

/** The primary result code of an error of SQLite; `undefined` if it is none. */
function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error)) return undefined;
  return typeof error.errcode === "number" ? error.errcode & PRIMARY : undefined;
}

/** Whether somebody else has the lock: trying again helps. */
export function isBusy(error: unknown): boolean {
  return sqliteCode(error) === CODES.BUSY;
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
  const remedy = (isBusy(error) ? busyRemedy : undefined) ?? REMEDIES[sqliteCode(error) ?? -1];
  const reason = error instanceof Error ? error.message : String(error);
  const advice = remedy === undefined ? "" : `; ${remedy}`;
  return new BrokerError(`SQLite: ${what} failed on ${path}: ${reason}${advice}`, { cause: error });
}
