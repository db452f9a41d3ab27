/** The settle rule: from how a task ended to what becomes of its job. */
import { backoffMs, RETRY_BACKOFF } from "./backoff.ts";
import { LeaseLostError, WorkersStoppedError } from "./errors.ts";
import { rewriteJob } from "./job-codec.ts";
import { JobStatus } from "./job-status.ts";
import { isAtLeastOnce, type StoredJob } from "./job.ts";
import { verdictOf } from "./thrown.ts";

/** How a task ended. */
export type Result =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false;
      readonly error: unknown;
      /** The workers interrupted it, and `error` is why: its timeout, a stop, a lost lease. */
      readonly interrupted?: boolean;
    };

/** What the broker is told of a job that it gave out. */
export type Outcome =
  /** It is done. */
  | { readonly kind: "succeeded"; readonly stored: StoredJob }
  /** It failed for good. `stored` is as it was taken. */
  | { readonly kind: "failed"; readonly stored: StoredJob; readonly error: unknown }
  /** It failed and runs again; `stored` is the job to come. */
  | { readonly kind: "retried"; readonly stored: StoredJob; readonly error: unknown }
  /** It goes back to the head of its queue as it was: not run to its end, and no failure. */
  | { readonly kind: "released"; readonly stored: StoredJob };

/** What the rule needs to know of the moment. */
export interface Moment {
  /** Epoch time in ms. */
  readonly nowMs: number;
  /** From 0 to below 1. */
  readonly random: number;
}

/**
 * What becomes of a job whose task ended so. `undefined` if it is not ours any more and nothing may
 * be said of it.
 *
 * @param moment - asked only where it matters: for a retry
 *
 * Source: spinach/job.py advance_job_status; releasing and fencing are ours
 */
export function settle(
  stored: StoredJob,
  result: Result,
  moment: () => Moment,
): Outcome | undefined {
  if (result.ok) return { kind: "succeeded", stored };
  const { error, interrupted = false } = result;
  if (interrupted && error instanceof LeaseLostError) return undefined;
  const { job } = stored;
  if (interrupted && error instanceof WorkersStoppedError && isAtLeastOnce(job)) {
    return { kind: "released", stored };
  }
  const verdict = verdictOf(error);
  if (verdict?.kind === "abort" || job.retries >= job.maxRetries) {
    return { kind: "failed", stored, error };
  }
  return { kind: "retried", stored: nextAttempt(stored, verdict?.at, moment()), error };
}

/** @param asked - the time that the task asked for, in ms since the epoch */
function nextAttempt(
  stored: StoredJob,
  asked: number | undefined,
  { nowMs, random }: Moment,
): StoredJob {
  const retries = stored.job.retries + 1;
  return rewriteJob(stored, {
    status: JobStatus.WAITING,
    retries,
    atMs: asked ?? nowMs + backoffMs(RETRY_BACKOFF, retries, random),
  });
}
