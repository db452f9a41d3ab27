import assert from "node:assert/strict";

import { decodeJob, encodeJob } from "../../src/core/job-codec.ts";
import { JobStatus } from "../../src/core/job-status.ts";
import type { Job, StoredJob } from "../../src/core/job.ts";

/** When the jobs of these tests start, epoch ms, unless they say otherwise. */
export const START_MS: number = Date.UTC(2026, 0, 1);

/** The arguments of a job as some producer wrote them. */
export interface ArgumentTexts {
  /** A JSON array. */
  readonly argsJson: string;
  /** A JSON object. */
  readonly kwargsJson: string;
}

/** A job as we store it. */
export function makeJob(fields: Partial<Job> = {}): StoredJob {
  const job: Job = {
    id: "00000000-0000-4000-8000-000000000000",
    status: JobStatus.RUNNING,
    taskName: "work",
    queue: "spinach",
    at: new Date(START_MS),
    maxRetries: 0,
    retries: 0,
    args: [],
    kwargs: {},
    ...fields,
  };
  return { job, wire: encodeJob(job) };
}

/** A job whose arguments are these very texts. */
export function makeJobOfTexts(
  { argsJson, kwargsJson }: ArgumentTexts,
  fields: Partial<Job> = {},
): StoredJob {
  const { wire } = makeJob({ ...fields, args: [], kwargs: {} });
  const bare = '"task_args":[],"task_kwargs":{}}';
  assert(wire.endsWith(bare));
  return decodeJob(
    `${wire.slice(0, -bare.length)}"task_args":${argsJson},"task_kwargs":${kwargsJson}}`,
  );
}
