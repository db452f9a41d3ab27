import type { Log } from "./database-file.ts";

/** A log may be too long for so long, in ms: most readers have ended by then. */
const PATIENCE_MS = 10_000;

/** Notices that readers keep a log from being shortened, so that it grows until the disk is full. */
export class LogWatch {
  /** Since when it has been too long, on the monotonic clock; `undefined` if it is not. */
  #sinceMs: number | undefined;
  #wasTold = false;

  /** Returns whether somebody must be told of it: once, until it has been short again. */
  look({ state }: Log, nowMs: number): boolean {
    if (state === "short" || state === "emptied") {
      this.#sinceMs = undefined;
      this.#wasTold = false;
      return false;
    }
    this.#sinceMs ??= nowMs;
    if (this.#wasTold || nowMs - this.#sinceMs < PATIENCE_MS) return false;
    this.#wasTold = true;
    return true;
  }
}
