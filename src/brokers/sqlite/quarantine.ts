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

const ADD_QUARANTINE =
  "INSERT INTO spinach_quarantine (namespace, reason, wire, at_ms) VALUES (?, ?, ?, ?)";
const DELETE_JOB = "DELETE FROM spinach_jobs WHERE id = ?";
