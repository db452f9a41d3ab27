import type { JobStatus } from "./job-status.ts";

/**
 * One execution of a task, asked for or done. A plain record: Spinach never changes one. `args` of a job
 * that was just scheduled are a copy of those of the call; its task gets another.
 */
export interface Job {
  /** UUID. */
  readonly id: string;
  readonly status: JobStatus;
  readonly taskName: string;
  readonly queue: string;
  /** When it should start, or should have. */
  readonly at: Date;
  /** How often it is tried again after a failure; 0 makes it at-most-once. */
  readonly maxRetries: number;
  /** How often it has failed so far. */
  readonly retries: number;
  readonly args: readonly unknown[];
  /** Python keyword arguments; a TypeScript task gets them as one last object. */
  readonly kwargs: Readonly<Record<string, unknown>>;
  /** Longest run in ms that this job was scheduled with, if it was; otherwise its task's applies. */
  readonly timeoutMs?: number;
}

/**
 * A job with the exact text that holds it in a broker. The text is the truth: it may carry more
 * than `job` shows (integers beyond 2^53, members of a later version), and what is written back is
 * an edit of it, never a new encoding of what was read.
 */
export interface StoredJob {
  readonly job: Job;
  readonly wire: string;
  /** Of a new job, instead of its date: how long after the store has it, by the store's clock, in ms; more than 0. */
  readonly delayMs?: number;
  /** Where `wire` is an edit of a long text that the broker has: how to make it of that one. */
  readonly edit?: HeadEdit;
}

/** A text that differs from an earlier one in its first part only. */
export interface HeadEdit {
  /** Its first part. */
  readonly head: string;
  /** How many bytes of the earlier text this takes the place of. */
  readonly replacedBytes: number;
}

/** Whether a job that was interrupted may be run again: the delivery contract of its task. */
export function isAtLeastOnce(job: Job): boolean {
  return job.maxRetries > 0;
}
