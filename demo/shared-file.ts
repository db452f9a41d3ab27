import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";

import type { Ledger } from "./ledger.ts";

/** How often the file is looked at, in ms. */
const LOOK_EVERY_MS = 50;

/** Longest time to wait for others to let go of the file, in ms. */
const BUSY_TIMEOUT_MS = 5000;

const ANY_JOB = `
SELECT 1 FROM spinach_jobs
JOIN spinach_queues ON spinach_queues.id = spinach_jobs.queue
JOIN spinach_namespaces ON spinach_namespaces.id = spinach_queues.namespace
WHERE spinach_namespaces.name = ?
LIMIT 1`;

/**
 * Resolves when no job is left in the file, whoever has scheduled it and whoever runs it; or after an
 * interrupt. A job of a demo that was killed comes back, and is done by one of the others.
 */
export async function allDone(path: string, namespace: string, ledger: Ledger): Promise<void> {
  const db = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    const anyJob = db.prepare(ANY_JOB);
    while (!ledger.isInterrupted && anyJob.get(namespace) !== undefined) await sleep(LOOK_EVERY_MS);
  } finally {
    db.close();
  }
}
