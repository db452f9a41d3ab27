import type { Work } from "./work.ts";

/** Deletes everything in the namespace, its brokers too; the numbers of its queues stay. */
export function flush({ space }: Work): void {
  for (const statement of STATEMENTS) space.sql.run(statement, space.id);
}

const OF_QUEUES = "queue IN (SELECT id FROM spinach_queues WHERE namespace = ?)";

const STATEMENTS: readonly string[] = [
  `DELETE FROM spinach_ready WHERE ${OF_QUEUES}`,
  `DELETE FROM spinach_parked WHERE ${OF_QUEUES}`,
  `DELETE FROM spinach_jobs WHERE ${OF_QUEUES}`,
  "DELETE FROM spinach_future WHERE namespace = ?",
  "DELETE FROM spinach_running WHERE broker IN (SELECT id FROM spinach_brokers WHERE namespace = ?)",
  "DELETE FROM spinach_brokers WHERE namespace = ?",
  "DELETE FROM spinach_limits WHERE namespace = ?",
  "DELETE FROM spinach_periodic WHERE namespace = ?",
  "DELETE FROM spinach_definitions WHERE namespace = ?",
  "DELETE FROM spinach_quarantine WHERE namespace = ?",
];
