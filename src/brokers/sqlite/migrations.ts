import { BrokerError } from "../../core/errors.ts";
import { COMPATIBLE_FROM, MIGRATIONS, SCHEMA_VERSION } from "./schema.ts";
import { integer, type SqlSession } from "./sql-session.ts";

/**
 * Brings the tables to this program's version, within a transaction that writes. Programs of older
 * versions that run on the file go on if `compatible_from` lets them, and stop with an error if not.
 *
 * @throws BrokerError if the tables are of a version that this program cannot work with
 */
export function migrate(sql: SqlSession, path: string): void {
  const version = schemaVersion(sql);
  if (version === 0) sql.exec(META);
  if (version >= SCHEMA_VERSION) {
    refuseNewer(sql, path);
    return;
  }
  for (const migration of MIGRATIONS.slice(version)) sql.exec(migration);
  sql.run(SET_VERSION, SCHEMA_VERSION, COMPATIBLE_FROM);
}

/** @throws BrokerError if the tables are of a version that this program cannot work with */
export function refuseNewer(sql: SqlSession, path: string): void {
  // Each transaction asks.
  if (sql.get(IS_COMPATIBLE) !== undefined) return;
  const version = sql.get(VERSION)?.[0];
  throw new BrokerError(
    `SQLite: the tables of Spinach in ${path} are of version ${integer(version)}, ` +
      `this program knows ${SCHEMA_VERSION}: update the package spinach here`,
  );
}

/** 0 if there are no tables of ours. */
function schemaVersion(sql: SqlSession): number {
  if (sql.get(FIND_META) === undefined) return 0;
  return integer(sql.get(VERSION)?.[0]);
}

const FIND_META = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'spinach_schema'";
const META = `
CREATE TABLE spinach_schema (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  version INTEGER NOT NULL,
  -- The oldest program that can work with these tables.
  compatible_from INTEGER NOT NULL
) STRICT`;
const VERSION = "SELECT version FROM spinach_schema";
const IS_COMPATIBLE = `SELECT 1 FROM spinach_schema WHERE compatible_from <= ${SCHEMA_VERSION}`;
const SET_VERSION =
  "INSERT OR REPLACE INTO spinach_schema (only, version, compatible_from) VALUES (1, ?, ?)";
