import { closeSync, fstatSync, openSync, statSync } from "node:fs";

/** The log of a database whose path is real. */
export function logOf(file: string): string {
  return `${file}-wal`;
}

/** The log that a connection writes: SQLite goes on writing it when it was removed. */
export interface ConnectionLog {
  /** Whether others do not see it any more. */
  readonly isGone: boolean;
  close(): void;
}

/**
 * The log that is there now, by a descriptor of its own: it is asked in less than a microsecond, which each commit
 * waits for. To be closed.
 *
 * @throws what `openSync` throws
 */
export function holdLog(file: string): ConnectionLog {
  const descriptor = openSync(logOf(file), "r");
  return {
    get isGone() {
      return fstatSync(descriptor).nlink === 0;
    },
    close: () => {
      closeSync(descriptor);
    },
  };
}

/**
 * The same by its number, for a connection of the application: nobody says when that is closed.
 * @throws what `statSync` throws
 */
export function rememberLog(file: string): ConnectionLog {
  const path = logOf(file);
  const { ino, dev } = statSync(path, { bigint: true });
  return {
    get isGone() {
      const found = statSync(path, { bigint: true, throwIfNoEntry: false });
      return found?.ino !== ino || found.dev !== dev;
    },
    close: () => undefined,
  };
}
