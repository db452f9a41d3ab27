import type { SqlSession } from "./sql-session.ts";

/** Up to so many rows are changed one by one: to read a list costs as much as several of them. */
const FEW_ROWS = 5;

/** What is done to rows: by a statement for one, and by one for a JSON list of them. */
export interface RowStatements {
  readonly one: string;
  readonly many: string;
}

/** Does something to each of some rows, whose numbers are the last parameter of both statements. */
export function changeRows(
  sql: SqlSession,
  { one, many }: RowStatements,
  rows: readonly number[],
  ...first: readonly number[]
): void {
  if (rows.length > FEW_ROWS) sql.run(many, ...first, JSON.stringify(rows));
  else for (const row of rows) sql.run(one, ...first, row);
}
