import { BrokerError } from "../../core/errors.ts";
import type { Runtime } from "../../platform/runtime.ts";
import type { SqlSession } from "./sql-session.ts";
import { isBusy, sqliteError } from "./sqlite-errors.ts";

/** So often it is tried again at the next turn of the event loop: most transactions take less than 1 ms. */
const QUICK_ATTEMPTS = 10;

/** Later attempts come after a pause of random length, so that processes do not meet again and again. */
const LONGEST_PAUSE_MS = 20;

/** What transactions need. */
export interface TransactionsParts {
  readonly sql: SqlSession;
  readonly path: string;
  readonly runtime: Runtime;
  /** How long a transaction waits for its turn, in ms. */
  readonly timeoutMs: number;
  /** Called when a transaction was undone: what was remembered from it is not so. */
  readonly onUndone: () => void;
}

/**
 * Transactions of one connection. The body of one runs at a stretch; to wait for its turn it leaves the
 * event loop free: SQLite itself waits for no longer than the connection's busy timeout.
 */
export class Transactions {
  readonly #parts: TransactionsParts;

  constructor(parts: TransactionsParts) {
    this.#parts = parts;
  }

  /**
   * All of the body or nothing. It may run several times, the last of which counts. Rejects with
   * BrokerError.
   */
  write<Result>(what: string, body: () => Result): Promise<Result> {
    return this.#try(what, "BEGIN IMMEDIATE", body);
  }

  /** A body that reads only, all at one moment; it holds nobody up. Rejects with BrokerError. */
  read<Result>(what: string, body: () => Result): Promise<Result> {
    return this.#try(what, "BEGIN", body);
  }

  async #try<Result>(what: string, begin: string, body: () => Result): Promise<Result> {
    const { runtime, timeoutMs, path } = this.#parts;
    const startedAtMs = runtime.clock.monotonic();
    for (let attempt = 1; ; attempt += 1) {
      try {
        return this.#once(begin, body);
      } catch (error) {
        const waitedMs = runtime.clock.monotonic() - startedAtMs;
        if (!isBusy(error) || waitedMs >= timeoutMs) throw sqliteError(what, path, error);
        await this.#pause(attempt);
      }
    }
  }

  #once<Result>(begin: string, body: () => Result): Result {
    const { sql } = this.#parts;
    sql.run(begin);
    try {
      const result = body();
      sql.run("COMMIT");
      return result;
    } catch (error) {
      this.#undo();
      throw error;
    }
  }

  /** Some errors have undone it already. */
  #undo(): void {
    const { sql, onUndone } = this.#parts;
    onUndone();
    if (sql.isTransaction) sql.run("ROLLBACK");
  }

  async #pause(attempt: number): Promise<void> {
    const { timers, random } = this.#parts.runtime;
    if (attempt <= QUICK_ATTEMPTS) {
      await timers.yield();
      return;
    }
    await new Promise<void>((resolve) => {
      timers.set(resolve, 1 + random() * (LONGEST_PAUSE_MS - 1));
    });
  }
}

/** The connection was let go of, or not made yet. */
export function notStarted(path: string): BrokerError {
  return new BrokerError(`the SqliteBroker on ${path} is not started, or stopped`);
}
