import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite";

/** One row, its columns in the order of the statement. */
export type Row = readonly SQLOutputValue[];

/** Row numbers are counted up: one above this is not ours. */
export const MOST_ROWS: number = 2 ** 52;

/** A row says what makes no sense. */
export class UnreadableRowError extends TypeError {}

/** A connection with its prepared statements: each text is compiled once. */
export class SqlSession {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Statements without parameters and rows, not prepared. */
  exec(sql: string): void {
    this.#db.exec(sql);
  }

  all(sql: string, ...params: readonly SQLInputValue[]): readonly Row[] {
    const rows: readonly unknown[] = this.#statement(sql).all(...params);
    return rows.map(row);
  }

  get(sql: string, ...params: readonly SQLInputValue[]): Row | undefined {
    const found: unknown = this.#statement(sql).get(...params);
    return found === undefined ? undefined : row(found);
  }

  run(sql: string, ...params: readonly SQLInputValue[]): void {
    this.#statement(sql).run(...params);
  }

  /** Returns how many rows it has changed, inserted or deleted. */
  change(sql: string, ...params: readonly SQLInputValue[]): number {
    return Number(this.#statement(sql).run(...params).changes);
  }

  /**
   * Inserts a row. Returns its number.
   * @throws UnreadableRowError if that is too large to be read again: it follows that of a bad row
   */
  insert(sql: string, ...params: readonly SQLInputValue[]): number {
    const added = Number(this.#statement(sql).run(...params).lastInsertRowid);
    if (Math.abs(added) > MOST_ROWS) {
      throw new UnreadableRowError(`SQLite gave the row number ${added}`);
    }
    return added;
  }

  /** The texts of all that was prepared so far. */
  get prepared(): readonly string[] {
    return [...this.#statements.keys()];
  }

  /** Whether what was prepared can be run: not once the connection was closed, should it be opened again too. */
  get isUsable(): boolean {
    try {
      for (const statement of this.#statements.values()) return statement.expandedSQL !== "";
      return true;
    } catch {
      return false;
    }
  }

  get isTransaction(): boolean {
    return this.#db.isTransaction;
  }

  close(): void {
    this.#statements.clear();
    this.#db.close();
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      statement.setReturnArrays(true);
      // A connection of the application may have other defaults.
      statement.setReadBigInts(false);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

function isRow(value: unknown): value is Row {
  return Array.isArray(value);
}

function row(value: unknown): Row {
  if (isRow(value)) return value;
  throw new TypeError("SQLite gave a row that is no array");
}

/** A column that holds a number. */
export function integer(value: SQLOutputValue | undefined): number {
  if (typeof value === "number") return value;
  throw new UnreadableRowError(`SQLite gave ${typeof value} for a number`);
}

/** A column that holds a text. */
export function text(value: SQLOutputValue | undefined): string {
  if (typeof value === "string") return value;
  throw new UnreadableRowError(`SQLite gave ${typeof value} for a text`);
}
