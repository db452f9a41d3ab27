import { type BigIntStats, statSync } from "node:fs";

import { BrokerError } from "../../core/errors.ts";
import type { Clock } from "../../platform/runtime.ts";
import type { ConnectionLog } from "./connection-log.ts";
import { deleted, type FilePlace, logRemoved, replaced, secondLibrary } from "./file-problems.ts";
import { mapsTwice } from "./second-library.ts";
import { systemCode } from "./sqlite-errors.ts";

/** How often it is looked whether the path leads to the same file still, in ms: what is committed meanwhile was as if before. */
const LOOK_AT_PATH_EVERY_MS = 100;

/** A log that was there so short a time ago, in ms, is not looked at before a commit, only after it. */
const LOOK_AGAIN_AFTER_MS = 10;

/** How often another SQLite library is looked for, in ms. */
const LOOK_FOR_LIBRARY_EVERY_MS = 1000;

/**
 * What a restart alone can mend, by file: SQLite shares its view of a file, and its locks, between all connections of
 * a process, so that no new one is any better.
 */
const brokenFiles = new Map<string, BrokerError>();

/** What a guard is made of. */
export interface FileGuardParts extends FilePlace {
  readonly clock: Clock;
  /**
   * The log of the connection, which has begun a transaction: SQLite makes it then. `undefined` if it works without.
   * May throw what `openSync` throws.
   */
  readonly log: () => ConnectionLog | undefined;
  /** Called when something is found wrong; once, until nothing is wrong any more. */
  readonly onLost: (error: BrokerError) => void;
}

/**
 * Tells whether a connection still works on the files that everybody else sees. SQLite does not: it goes on writing
 * to a file that was deleted, and to a log that another SQLite library in this process has removed, because the
 * system does not hold up the locks of one process against each other.
 *
 * It never opens the database: to close a descriptor of that would let go of SQLite's locks.
 */
export class FileGuard {
  readonly #parts: FileGuardParts;
  readonly #database: BigIntStats;
  /** Of `brokenFiles`. */
  readonly #key: string;
  #log: ConnectionLog | undefined;
  #lookedAtMs = -Infinity;
  /** When the last commit began: to ask the clock again would cost as much as the look. */
  #committedAtMs = 0;
  #lookAtPathAtMs = 0;
  #lookForLibraryAtMs = 0;
  #wasTold = false;

  /** @throws what `statSync` throws */
  constructor(parts: FileGuardParts) {
    this.#parts = parts;
    this.#database = statSync(parts.path, { bigint: true });
    const { dev, ino, birthtimeNs } = this.#database;
    // The number of a file that was deleted is given again.
    this.#key = `${dev}:${ino}:${birthtimeNs}`;
  }

  /**
   * To be called before each commit, so that nothing that is refused is in a file that may come back. It costs nothing
   * while commits follow one another.
   * @throws as `check`
   */
  checkFirst(): void {
    this.#refuseIfBroken();
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
    this.#refuseIfBroken();
    this.#look(this.#parts.clock.monotonic());
  }

  #refuseIfBroken(): void {
    const error = brokenFiles.get(this.#key);
    if (error !== undefined) throw this.#told(error);
  }

  #look(nowMs: number): void {
    this.#log ??= this.#findLog();
    if (this.#log?.isGone === true) this.#breakWith(logRemoved(this.#parts));
    if (nowMs >= this.#lookAtPathAtMs) this.#lookAround(nowMs);
    this.#lookedAtMs = nowMs;
  }

  #findLog(): ConnectionLog | undefined {
    try {
      return this.#parts.log();
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
    if (mapsTwice(`${this.#parts.file}-shm`)) this.#breakWith(secondLibrary(this.#parts));
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
    this.#log?.close();
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

  #breakWith(error: BrokerError): never {
    brokenFiles.set(this.#key, error);
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
