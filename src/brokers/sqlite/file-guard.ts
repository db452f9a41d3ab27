import { type BigIntStats, closeSync, fstatSync, openSync, readFileSync, statSync } from "node:fs";

import { BrokerError } from "../../core/errors.ts";
import type { Clock } from "../../platform/runtime.ts";
import { systemCode } from "./sqlite-errors.ts";

/** How often it is looked whether the path leads to the same file still, in ms: what is committed meanwhile was as if before. */
const LOOK_AT_PATH_EVERY_MS = 100;

/** A log that was there so short a time ago, in ms, is not looked at before a commit, only after it. */
const LOOK_AGAIN_AFTER_MS = 10;

/** How often another SQLite library is looked for, in ms: it takes about 0.1 ms. */
const LOOK_FOR_LIBRARY_EVERY_MS = 1000;

/** Where Linux shows what a process has mapped into its memory; elsewhere there is no such file. */
const MAPS = "/proc/self/maps";

/** What a guard is made of. */
export interface FileGuardParts {
  /** As the user gave it: it may lead through links. */
  readonly path: string;
  /** Where the file is, without links: SQLite names its other files after that. */
  readonly file: string;
  readonly clock: Clock;
  /** Called when something is found wrong; once, until nothing is wrong any more. */
  readonly onLost: (error: BrokerError) => void;
}

/**
 * Tells whether a connection still works on the files that everybody else sees. SQLite does not: it goes on writing
 * to a file that was deleted, and to a log that another SQLite library in this process has removed, because the
 * system does not hold up the locks of one process against each other.
 *
 * It keeps a descriptor of the log, never of the database: to close
 * one of that would let go of SQLite's locks.
 */
export class FileGuard {
  readonly #parts: FileGuardParts;
  readonly #database: BigIntStats;
  /** Opened with the first transaction: SQLite makes the log then. */
  #log: number | undefined;
  #lookedAtMs = -Infinity;
  /** When the last commit began: to ask the clock again would cost as much as the look. */
  #committedAtMs = 0;
  #lookAtPathAtMs = 0;
  #lookForLibraryAtMs = 0;
  /** What a restart alone can mend. */
  #broken: BrokerError | undefined;
  #wasTold = false;

  /** @throws what `statSync` throws */
  constructor(parts: FileGuardParts) {
    this.#parts = parts;
    this.#database = statSync(parts.path, { bigint: true });
  }

  /**
   * To be called before each commit, so that nothing that is refused is in a file that may come back. It costs nothing
   * while commits follow one another.
   * @throws as `check`
   */
  checkFirst(): void {
    if (this.#broken !== undefined) throw this.#broken;
    const nowMs = this.#parts.clock.monotonic();
    if (nowMs - this.#lookedAtMs > LOOK_AGAIN_AFTER_MS) this.#look(nowMs);
    this.#committedAtMs = nowMs;
  }

  /**
   * To be called after each commit, so that nothing that is lost is promised.
   * @throws as `check`
   */
  checkLast(): void {
    this.#look(this.#committedAtMs);
  }

  /**
   * The first time, to be called within a transaction.
   * @throws BrokerError, or what `openSync` throws the first time
   */
  check(): void {
    if (this.#broken !== undefined) throw this.#broken;
    this.#look(this.#parts.clock.monotonic());
  }

  #look(nowMs: number): void {
    this.#log ??= this.#openLog();
    // In less than a microsecond, since each commit waits for it.
    if (fstatSync(this.#log).nlink === 0) this.#breakWith(logRemoved(this.#parts));
    if (nowMs >= this.#lookAtPathAtMs) this.#lookAround(nowMs);
    this.#lookedAtMs = nowMs;
  }

  #openLog(): number {
    try {
      return openSync(logOf(this.#parts.file), "r");
    } catch (error) {
      if (systemCode(error) !== "ENOENT") throw error;
      // Gone since the connection was made: most often with the database.
      this.#lookAtPath();
      return this.#breakWith(logRemoved(this.#parts));
    }
  }

  #lookAround(nowMs: number): void {
    // Until it has found nothing, each call looks.
    this.#lookedAtMs = -Infinity;
    this.#lookAtPath();
    this.#lookAtPathAtMs = nowMs + LOOK_AT_PATH_EVERY_MS;
    if (nowMs < this.#lookForLibraryAtMs) return;
    this.#lookForLibrary();
    this.#lookForLibraryAtMs = nowMs + LOOK_FOR_LIBRARY_EVERY_MS;
  }

  /** What a call would find that looks at everything, for one that has failed; `undefined` if nothing is wrong. */
  problem(): BrokerError | undefined {
    this.#lookAtPathAtMs = -Infinity;
    this.#lookForLibraryAtMs = -Infinity;
    try {
      this.check();
      return undefined;
    } catch (error) {
      return error instanceof BrokerError ? error : undefined;
    }
  }

  close(): void {
    if (this.#log !== undefined) closeSync(this.#log);
    this.#log = undefined;
  }

  /** A file that comes back may be gone on with. */
  #lookAtPath(): void {
    const { path } = this.#parts;
    const found = identityAt(path);
    if (found === "unknown") return;
    if (found === undefined) throw this.#told(deleted(path));
    const isSame = found.ino === this.#database.ino && found.dev === this.#database.dev;
    if (!isSame) throw this.#told(replaced(path));
    this.#wasTold = false;
  }

  #lookForLibrary(): void {
    if (mapsTwice(`${this.#parts.file}-shm`)) this.#breakWith(secondLibrary(this.#parts));
  }

  #breakWith(error: BrokerError): never {
    this.#broken = error;
    throw this.#told(error);
  }

  #told(error: BrokerError): BrokerError {
    if (!this.#wasTold) {
      this.#wasTold = true;
      this.#parts.onLost(error);
    }
    return error;
  }
}

/** `undefined` if there is none; `unknown` if the system does not say, for want of rights for example. */
function identityAt(path: string): BigIntStats | undefined | "unknown" {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return "unknown";
  }
}

/** The log of a database whose path is real. */
export function logOf(file: string): string {
  return `${file}-wal`;
}

/**
 * Whether this process has the first part of a file in its memory twice. One SQLite library maps it once, however
 * many connections it has.
 */
function mapsTwice(file: string): boolean {
  let maps: string;
  try {
    maps = readFileSync(MAPS, "utf8");
  } catch {
    return false;
  }
  const first = maps.split("\n").filter((line) => line.endsWith(` ${file}`) && isFirst(line));
  return first.length > 1;
}

/** `address perms offset dev inode path`: man 5 proc_pid_maps. */
function isFirst(line: string): boolean {
  return /^\S+ \S+ 0+ /v.test(line);
}

function deleted(path: string): BrokerError {
  return new BrokerError(
    `SQLite: ${path} was deleted or renamed while this process works on it: ` +
      `put it back, or restart this process to begin a new one`,
  );
}

function replaced(path: string): BrokerError {
  return new BrokerError(
    `SQLite: ${path} was replaced by another file while this process works on it: ` +
      `restart this process to work on that one`,
  );
}

const ADVICE =
  `use node:sqlite for all of this file within this process ` +
  `(better-sqlite3, libsql and what is built on them may have it open in another process), and restart this process`;

function logRemoved({ path, file }: FileGuardParts): BrokerError {
  return new BrokerError(
    `SQLite: ${logOf(file)} was removed while this process works on ${path}, so what it writes would be lost. ` +
      `Another SQLite library in this process does that when it closes the file: ${ADVICE}`,
  );
}

function secondLibrary({ path }: FileGuardParts): BrokerError {
  return new BrokerError(
    `SQLite: another SQLite library in this process has ${path} open. It does not see the locks of node:sqlite, ` +
      `and takes them away when it closes the file, so jobs would be lost: ${ADVICE}`,
  );
}
