import {
  closeSync,
  constants,
  type FSWatcher,
  openSync,
  realpathSync,
  watch,
  writeSync,
} from "node:fs";

/** What the bell's file holds: nothing of interest, that it is written is the message. */
const SIGN = new Uint8Array([0x0a]);

/**
 * Tells other processes that something was committed: they watch a small file beside the database, which is
 * written after the commit. The log of SQLite itself would ring before a commit can be seen, and at each
 * write of the application.
 */
export class WakeBell {
  readonly #path: string;
  #file: number | undefined;
  #watcher: FSWatcher | undefined;

  /** @param path - of the bell */
  constructor(path: string) {
    this.#path = path;
  }

  /** @throws what `openSync` throws */
  open(): void {
    this.#file ??= openSync(this.#path, constants.O_RDWR | constants.O_CREAT);
  }

  /** Rings at every other process that listens. One that does not hear it looks a little later. */
  ring(): void {
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
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

/** The bell of a database whose path is real. */
export function bellOf(database: string): string {
  return `${database}-wake`;
}

/** Rings for a database that this process has not open. */
export function ringAt(database: string): void {
  try {
    const bell = new WakeBell(bellOf(realpathSync(database)));
    bell.open();
    bell.ring();
    bell.close();
  } catch {
    // As above: it is late, and nothing else.
  }
}
