import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  type FSWatcher,
  openSync,
  realpathSync,
  statSync,
  watch,
  writeSync,
} from "node:fs";

import { afterPromises } from "../../platform/after-promises.ts";
import type { Clock } from "../../platform/runtime.ts";

/** Mode of a new file until it has that of the database. */
const OWN = 0o600;

/** Bits of a mode that say who may what. */
const PERMISSIONS = 0o666;

/** What the bell's file holds: nothing of interest, that it is written is the message. */
const SIGN = new Uint8Array([0x0a]);

/** Not through a link: in a folder that many may write, somebody could have the bell be any file. */
const OPEN = constants.O_RDWR | (constants.O_NOFOLLOW ?? 0);

/**
 * Rings that follow one another sooner than this, in ms, become one: it takes longer until another process has woken
 * up, and it finds whatever was committed by then.
 */
const RING_EVERY_MS = 0.2;

/**
 * Tells other processes that something was committed: they watch a small file beside the database, which is
 * written after the commit. The log of SQLite itself would ring before a commit can be seen, and at each
 * write of the application.
 */
export class WakeBell {
  readonly #database: string;
  readonly #path: string;
  #file: number | undefined;
  #watcher: FSWatcher | undefined;
  readonly #clock: Clock;
  #rangAtMs = -Infinity;
  #mustRing = false;

  /** @param database - the path of the database, without links */
  constructor(database: string, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
    this.#path = bellOf(database);
  }

  get isOpen(): boolean {
    return this.#file !== undefined;
  }

  /**
   * Opens the bell, and makes it if there is none.
   * @throws what `openSync` throws
   */
  open(): void {
    this.#file ??= this.#make() ?? openSync(this.#path, OPEN);
  }

  /** `undefined` if there is one. */
  #make(): number | undefined {
    const { mode, uid, gid } = statSync(this.#database);
    const file = openNew(this.#path);
    if (file === undefined) return undefined;
    // For whoever may write the database, whoever makes the bell: as SQLite does with its log.
    whereAllowed(() => {
      fchmodSync(file, mode & PERMISSIONS);
    });
    whereAllowed(() => {
      fchownSync(file, uid, gid);
    });
    return file;
  }

  /**
   * Rings at every other process that listens, before the event loop turns. One that does not hear it looks a little
   * later.
   */
  ring(): void {
    const nowMs = this.#clock.monotonic();
    if (nowMs - this.#rangAtMs >= RING_EVERY_MS) {
      this.#rangAtMs = nowMs;
      this.#mustRing = false;
      this.#ringNow();
    } else if (!this.#mustRing) {
      this.#mustRing = true;
      afterPromises(this.#ringLast);
    }
  }

  readonly #ringLast = (): void => {
    if (!this.#mustRing) return;
    this.#mustRing = false;
    this.#ringNow();
  };

  #ringNow(): void {
    if (this.#file === undefined) return;
    try {
      writeSync(this.#file, SIGN, 0, 1, 0);
    } catch {
      // What was committed is committed, though a full disk may not take the sign.
    }
  }

  /**
   * Calls back when somebody has rung, this process included. `onDeaf` is called if the system cannot watch,
   * or cannot any more.
   */
  listen(onRing: () => void, onDeaf: (error: unknown) => void): void {
    try {
      this.#watcher = watch(this.#path, { persistent: false }, onRing);
      this.#watcher.on("error", onDeaf);
    } catch (error) {
      onDeaf(error);
    }
  }

  close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#ringLast();
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

/** The bell of a database whose path is real. */
export function bellOf(database: string): string {
  return `${database}-wake`;
}

/** `undefined` if there is such a file. */
function openNew(path: string): number | undefined {
  try {
    return openSync(path, OPEN | constants.O_CREAT | constants.O_EXCL, OWN);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return undefined;
    throw error;
  }
}

/** Only the superuser may give files away, and some file systems have no owners. */
function whereAllowed(change: () => void): void {
  try {
    change();
  } catch {
    // The bell is this user's then; others are woken later.
  }
}

/** Rings for a database that this process has not open. */
export function ringAt(database: string, clock: Clock): void {
  try {
    const bell = new WakeBell(realpathSync(database), clock);
    bell.open();
    bell.ring();
    bell.close();
  } catch {
    // As above: it is late, and nothing else.
  }
}
