import type { WriteStream } from "node:tty";

import type { Ledger } from "./ledger.ts";
import { grouped } from "./text.ts";

/** Often enough to look alive. */
const REDRAW_EVERY_MS = 100;

/** A log file needs no more. */
const LINE_EVERY_MS = 1000;

/** Start of the line, and clear to its end. */
const CLEAR_LINE = "\r\u001B[K";

/** Shows how far the ledger is: one line redrawn on a terminal, plain lines elsewhere. */
export class Progress {
  readonly #ledger: Ledger;
  readonly #out: WriteStream;
  #timer: NodeJS.Timeout | undefined;
  #isListing = true;

  constructor(ledger: Ledger, out: WriteStream) {
    this.#ledger = ledger;
    this.#out = out;
  }

  start(): void {
    this.#timer = setInterval(
      () => {
        this.#show();
      },
      this.#out.isTTY ? REDRAW_EVERY_MS : LINE_EVERY_MS,
    );
  }

  /** All files are known: from now on it shows of how many. */
  listed(): void {
    this.#isListing = false;
  }

  /** Ends it; on a terminal nothing of it stays. */
  stop(): void {
    clearInterval(this.#timer);
    this.clear();
  }

  /** Makes room for another line on a terminal; the progress comes back below it. */
  clear(): void {
    if (this.#out.isTTY) this.#out.write(CLEAR_LINE);
  }

  #show(): void {
    const line = this.#line;
    // A line as wide as the terminal would wrap, and redrawing would not reach its start.
    if (this.#out.isTTY) this.#out.write(CLEAR_LINE + line.slice(0, this.#out.columns - 1));
    else this.#out.write(`${line}\n`);
  }

  get #line(): string {
    const { ended, failed, scheduled, seconds, isShared } = this.#ledger;
    const listed = isShared ? `scheduled ${grouped(scheduled)}` : `of ${grouped(scheduled)}`;
    const all = this.#isListing ? "listing" : listed;
    return `${grouped(ended)} done (${all}), ${grouped(failed)} failed, ${grouped(ended / seconds)} jobs/s`;
  }
}
