import { currentJob, type Engine, JobStatus, RetryError, type Task } from "spinach";

import { describeProblem } from "./failure.ts";
import type { Ledger } from "./ledger.ts";
import { type FileFacts, measureFile } from "./measure-file.ts";

/** A file that another program holds or replaces may be readable a moment later. */
const MAX_RETRIES = 2;

/** The usual backoff starts with seconds, too long for someone who watches. */
const RETRY_AFTER_MS = 200;

/** Registers the task that reads a file, and enters what becomes of its jobs in the ledger. */
export function fileTask(spin: Engine, ledger: Ledger): Task<[path: string], Promise<void>> {
  // A job may run more than once (at least once): it counts when the engine says that it succeeded.
  const measured = new Map<string, FileFacts>();
  spin.on("jobFinished", ({ job }) => {
    const facts = measured.get(job.id);
    measured.delete(job.id);
    if (facts !== undefined && job.status === JobStatus.SUCCEEDED) ledger.jobSucceeded(facts);
  });
  spin.on("jobFailed", ({ job, err }) => {
    ledger.jobFailed({ path: String(job.args[0]), problem: describeProblem(err) });
  });
  return spin.task("measureFile", { maxRetries: MAX_RETRIES }, async (path: string) => {
    const job = currentJob();
    const facts = await measureOrRetry(path, job?.signal);
    if (job !== undefined) measured.set(job.id, facts);
  });
}

async function measureOrRetry(path: string, signal?: AbortSignal): Promise<FileFacts> {
  try {
    return await measureFile(path, signal);
  } catch (error) {
    // Told to stop, not failed: the job goes back to its queue as it was.
    signal?.throwIfAborted();
    const at = new Date(Date.now() + RETRY_AFTER_MS);
    throw new RetryError(`cannot read ${path}`, { at, cause: error });
  }
}
