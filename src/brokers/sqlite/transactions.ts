import { BrokerError } from "../../core/errors.ts";
import type { FileGuard } from "./file-guard.ts";
import type { SqlSession } from "./sql-session.ts";
import { isBadRow, isBusy, sqliteError } from "./sqlite-errors.ts";
import { type Patience, whileBusy } from "./while-busy.ts";

/** What transactions need. */
export interface TransactionsParts {
  readonly sql: SqlSession;
  readonly path: string;
  /** How long a transaction waits for its turn. */
  readonly patience: Patience;
  /** Called when a transaction was undone: what was remembered from it is not so. */
  readonly onUndone: () => void;
  /** Sets rows aside that nobody of ours has written. Returns whether there were any. */
  readonly mend: () => boolean;
  readonly guard: Pick<FileGuard, "checkFirst" | "checkLast" | "problem">;
}

const WRITE = "BEGIN IMMEDIATE";

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
    return this.#try(what, WRITE, body);
  }

  /** The same when all else has been ended: it alone still waits for its turn. */
  writeLast<Result>(what: string, body: () => Result): Promise<Result> {
    return this.#try(what, WRITE, body, { ...this.#parts.patience, ending: undefined });
  }

  /** A body that reads only, all at one moment; it holds nobody up. Rejects with BrokerError. */
  read<Result>(what: string, body: () => Result): Promise<Result> {
    return this.#try(what, "BEGIN", body);
  }

  async #try<Result>(
    what: string,
    begin: string,
    body: () => Result,
    patience: Patience = this.#parts.patience,
  ): Promise<Result> {
    try {
      return await whileBusy(patience, () => this.#once(begin, body));
    } catch (error) {
      if (!isBadRow(error) || !(await this.#mend(patience))) throw this.#reason(what, error);
    }
    try {
      return await whileBusy(patience, () => this.#once(begin, body));
    } catch (error) {
      throw this.#reason(what, error);
    }
  }

  async #mend(patience: Patience): Promise<boolean> {
    try {
      return await whileBusy(patience, () => this.#once(WRITE, this.#parts.mend));
    } catch {
      // What it was to mend is what is told.
      return false;
    }
  }

  /** A file that is not there any more fails in many ways, none of which says so. */
  #reason(what: string, error: unknown): BrokerError {
    const { path, guard } = this.#parts;
    const lost = isBusy(error) ? undefined : guard.problem();
    return lost ?? sqliteError(what, path, error);
  }

  #once<Result>(begin: string, body: () => Result): Result {
    const { sql, guard } = this.#parts;
    sql.run(begin);
    try {
      const result = body();
      guard.checkFirst();
      sql.run("COMMIT");
      // A read promises nothing.
      if (begin === WRITE) guard.checkLast();
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
