import type { Runtime } from "../../platform/runtime.ts";

/** Entries that are logged one by one, of those that are set aside within {@link WINDOW_MS}. */
const MOST_LINES = 5;

/** A log that is read needs no more than this often what happens all the time, in ms. */
const WINDOW_MS = 60_000;

/** Tells an operator what was set aside: the first entries one by one, of many only how many, whenever it has doubled. */
export class QuarantineLog {
  readonly #runtime: Pick<Runtime, "clock" | "logger">;
  /** Key of the list, for the operator. */
  readonly #quarantine: string;
  #windowEndsAtMs = 0;
  #count = 0;
  #nextTotal = 2 * MOST_LINES;

  constructor(runtime: Pick<Runtime, "clock" | "logger">, quarantine: string) {
    this.#runtime = runtime;
    this.#quarantine = quarantine;
  }

  /** One entry was set aside. */
  tell(fields: object, message: string): void {
    this.#begin();
    if (this.#count < MOST_LINES) {
      this.#runtime.logger.error({ ...fields, quarantine: this.#quarantine }, message);
    }
    this.#add(1);
  }

  /** So many more were set aside. */
  tellMore(count: number): void {
    if (count === 0) return;
    this.#begin();
    this.#add(count);
  }

  #begin(): void {
    const nowMs = this.#runtime.clock.monotonic();
    if (nowMs < this.#windowEndsAtMs) return;
    this.#windowEndsAtMs = nowMs + WINDOW_MS;
    this.#count = 0;
    this.#nextTotal = 2 * MOST_LINES;
  }

  #add(count: number): void {
    this.#count += count;
    if (this.#count < this.#nextTotal) return;
    this.#nextTotal = 2 * this.#count;
    this.#runtime.logger.error(
      { quarantine: this.#quarantine, entries: this.#count },
      `set aside ${this.#count} entries that cannot be used, within a minute: read the list ${this.#quarantine}, and find out which program writes them`,
    );
  }
}
