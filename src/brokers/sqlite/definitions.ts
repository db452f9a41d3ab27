import { type DefinitionOwner, isOutranked, nextJoinNumber } from "../definition-owner.ts";
import { findBroker } from "./brokers-table.ts";
import { integer, text } from "./sql-session.ts";
import type { Work } from "./work.ts";

/** The number of a process that registers a definition for the first time. */
export function drawJoinNumber(work: Work): number {
  const { sql, id } = work.space;
  const joinNumber = nextJoinNumber(integer(sql.get(LAST_NUMBER, id)?.[0]), work.nowMs);
  sql.run(SET_LAST_NUMBER, joinNumber, id);
  return joinNumber;
}

/** A process brings its number along to a file that may have come back empty. */
export function knowJoinNumber({ space }: Work, joinNumber: number): void {
  if (integer(space.sql.get(LAST_NUMBER, space.id)?.[0]) >= joinNumber) return;
  space.sql.run(SET_LAST_NUMBER, joinNumber, space.id);
}

/** Makes a process the owner of a task's definition; returns whether it is, rather than one that joined later. */
export function ownDefinition({ space }: Work, owner: DefinitionOwner, task: string): boolean {
  const { joinNumber, brokerId } = owner;
  const known = space.sql.get(FIND_OWNER, space.id, task);
  const knownOwner = known && { joinNumber: integer(known[0]), brokerId: text(known[1]) };
  if (isOutranked(joinNumber, knownOwner, (uuid) => findBroker(space, uuid) !== undefined)) {
    return false;
  }
  space.sql.run(SET_OWNER, space.id, task, joinNumber, brokerId);
  return true;
}

/** Larger than any time, and with room above it: another one is none of ours. */
const MOST = 2 ** 52;
const LAST_NUMBER = `
SELECT iif(join_number BETWEEN 0 AND ${MOST}, join_number, 0)
FROM spinach_namespaces
WHERE id = ?`;
const SET_LAST_NUMBER = "UPDATE spinach_namespaces SET join_number = ? WHERE id = ?";
const FIND_OWNER =
  "SELECT join_number, broker FROM spinach_definitions WHERE namespace = ? AND task = ?";
const SET_OWNER = `
INSERT INTO spinach_definitions (namespace, task, join_number, broker)
VALUES (?, ?, ?, ?)
ON CONFLICT (namespace, task) DO UPDATE SET
  join_number = excluded.join_number,
  broker = excluded.broker,
  unstated = 0`;
