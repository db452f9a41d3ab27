/** The task of the demo, in a module of its own so that threads can load it. */
import { BroadcastChannel } from "node:worker_threads";

import { currentJob, RetryError, type Task, Tasks } from "spinach";

import { type FileFacts, measureFile } from "./measure-file.ts";

/** Where a job, in whatever thread, tells what it found. */
export const FACTS_CHANNEL = "spinach-demo-facts";

export interface JobFacts {
  readonly job: string;
  readonly facts: FileFacts;
}

/** A file that another program holds or replaces may be readable a moment later. */
const MAX_RETRIES = 2;

/** The usual backoff starts with seconds, too long for someone who watches. */
const RETRY_AFTER_MS = 200;

export const tasks: Tasks = new Tasks({ module: import.meta.url, maxRetries: MAX_RETRIES });

export const measure: Task<[path: string], Promise<void>> = tasks.task(
  "measureFile",
  async (path: string): Promise<void> => {
    const job = currentJob();
    const facts = await measureOrRetry(path, job?.signal);
    if (job === undefined) return;
    const message: JobFacts = { job: job.id, facts };
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- not a window
    channel.postMessage(message);
  },
);

const channel = new BroadcastChannel(FACTS_CHANNEL);
// Of the process and its threads; it must not keep them alive.
channel.unref();

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
