import { BrokerError } from "../../core/errors.ts";
import type { SqlSession } from "./sql-session.ts";
import { sqliteError } from "./sqlite-errors.ts";
import { type Patience, whileBusy } from "./while-busy.ts";

/** What transactions need. */
export interface TransactionsParts {
  readonly sql: SqlSession;
  readonly path: string;
  /** How long a transaction waits for its turn. */
  readonly patience: Patience;
  /** Called when a transaction was undone: what was remembered from it is not so. */
  readonly onUndone: () => void;
}

/**
 * Transactions of one connection. The body of one runs at a stretch; to wait for its turn it leaves the
 * event loop free.
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
    const { patience, path } = this.#parts;
    try {
      return await whileBusy(patience, () => this.#once(begin, body));
    } catch (error) {
      throw sqliteError(what, path, error);
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
}

/** The connection was let go of, or not made yet. */
export function notStarted(path: string): BrokerError {
  return new BrokerError(`the SqliteBroker on ${path} is not started, or stopped`);
}
