import type { MalformedJobError } from "../../core/errors.ts";
import type { Work } from "./work.ts";

/** Sets the text of a job aside that nobody can run: it is not thrown away. */
export function setAside(
  { space, nowMs }: Work,
  { job, error }: { readonly job: number; readonly error: MalformedJobError },
): void {
  space.sql.run(ADD_QUARANTINE, space.id, error.message, error.wire, nowMs);
  space.sql.run(DELETE_JOB, job);
}

/** Most rows that are kept, the newest ones: whoever writes bad ones for ever must not fill the disk. */
const MOST_ROWS = 10_000;

/** Lets go of the oldest rows beyond the bound. Returns how many. */
export function boundQuarantine({ space }: Work): number {
  return space.sql.change(FORGET_OLDEST, MOST_ROWS);
}

const FORGET_OLDEST = `
DELETE FROM spinach_quarantine
WHERE id <= (SELECT id FROM spinach_quarantine ORDER BY id DESC LIMIT 1 OFFSET ?)`;
const ADD_QUARANTINE =
  "INSERT INTO spinach_quarantine (namespace, reason, wire, at_ms) VALUES (?, ?, ?, ?)";
const DELETE_JOB = "DELETE FROM spinach_jobs WHERE id = ?";
