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
 * For so long, in ms, bad rows are not looked for again after a call of a kind that failed for another reason, such as a
 * trigger: whole tables are read for that, while nobody else may write.
 */
const SEARCH_AGAIN_AFTER_MS = 60_000;

/**
 * Transactions of one connection. The body of one runs at a stretch; to wait for its turn it leaves the
 * event loop free.
 */
export class Transactions {
  readonly #parts: TransactionsParts;
  /** By kind of call: when bad rows were looked for in vain, on the monotonic clock. */
  readonly #searchedAtMs = new Map<string, number>();

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
      if (!isBadRow(error) || !(await this.#mend(what, patience))) throw this.#reason(what, error);
    }
    try {
      return await whileBusy(patience, () => this.#once(begin, body));
    } catch (error) {
      throw this.#reason(what, error);
    }
  }

  async #mend(what: string, patience: Patience): Promise<boolean> {
    const nowMs = patience.runtime.clock.monotonic();
    const searchedAtMs = this.#searchedAtMs.get(what) ?? -Infinity;
    if (nowMs - searchedAtMs < SEARCH_AGAIN_AFTER_MS) return false;
    try {
      const hasMended = await whileBusy(patience, () => this.#once(WRITE, this.#parts.mend));
      if (!hasMended) this.#searchedAtMs.set(what, nowMs);
      return hasMended;
    } catch (error) {
      if (!isBusy(error)) this.#searchedAtMs.set(what, nowMs);
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
