import { integer } from "./sql-session.ts";
import type { Work } from "./work.ts";

/** Time until something is due, in ms; `undefined` if nothing is planned. */
export function nextDueMs({ space, nowMs }: Work): number | undefined {
  const found = space.sql.get(NEXT_DUE, space.id, space.id);
  const [futureMs = null, periodicMs = null] = found ?? [];
  const nextAtMs = Math.min(
    futureMs === null ? Infinity : integer(futureMs),
    periodicMs === null ? Infinity : integer(periodicMs),
  );
  return nextAtMs === Infinity ? undefined : Math.max(0, nextAtMs - nowMs);
}

const NEXT_DUE = `
SELECT
  (SELECT min(at_ms) FROM spinach_future WHERE namespace = ?),
  (SELECT min(next_at_ms) FROM spinach_periodic WHERE namespace = ?)`;
