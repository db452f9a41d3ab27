/**
 * Where a job stands in its life. The numbers are those of the wire.
 *
 * NOT_SET -> WAITING (until it is due) -> QUEUED -> RUNNING -> SUCCEEDED, FAILED, or WAITING again.
 *
 * Source: spinach/job.py JobStatus
 */
export const JobStatus = {
  /** Created, not scheduled yet. */
  NOT_SET: 0,
  /** Scheduled to start in the future. */
  WAITING: 1,
  /** In a queue, ready for a worker. */
  QUEUED: 2,
  /** Being executed. */
  RUNNING: 3,
  /** Finished without error. */
  SUCCEEDED: 4,
  /** Failed, and will not be tried again. */
  FAILED: 5,
} as const;

export type JobStatus = (typeof JobStatus)[keyof typeof JobStatus];

const KNOWN: ReadonlySet<unknown> = new Set(Object.values(JobStatus));

/** Whether a number read from the wire is a status. */
export function isJobStatus(value: unknown): value is JobStatus {
  return KNOWN.has(value);
}
