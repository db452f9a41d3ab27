import { BrokerError } from "../../core/errors.ts";
import { logOf } from "./connection-log.ts";

/** Where a database file is. */
export interface FilePlace {
  /** As the user gave it: it may lead through links. */
  readonly path: string;
  /** Where the file is, without links: SQLite names its other files after that. */
  readonly file: string;
}

/** A file that comes back may be gone on with. */
export function deleted(path: string): BrokerError {
  return new BrokerError(
    `SQLite: ${path} was deleted or renamed while this process works on it: ` +
      `put it back, or restart this process to begin a new one`,
  );
}

export function replaced(path: string): BrokerError {
  return new BrokerError(
    `SQLite: ${path} was replaced by another file while this process works on it: ` +
      `restart this process to work on that one`,
  );
}

const ADVICE =
  `use node:sqlite for all of this file within this process ` +
  `(better-sqlite3, libsql and what is built on them may have it open in another process), and restart this process`;

export function logRemoved({ path, file }: FilePlace): BrokerError {
  return new BrokerError(
    `SQLite: ${logOf(file)} was removed while this process works on ${path}, so what it writes would be lost. ` +
      `Another SQLite library in this process does that when it closes the file: ${ADVICE}`,
  );
}

export function secondLibrary({ path }: FilePlace): BrokerError {
  return new BrokerError(
    `SQLite: another SQLite library in this process has ${path} open. It does not see the locks of node:sqlite, ` +
      `and takes them away when it closes the file, so jobs would be lost: ${ADVICE}`,
  );
}
