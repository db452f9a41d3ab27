import { BroadcastChannel } from "node:worker_threads";

import { type Engine, JobStatus } from "spinach";

import { describeProblem } from "./failure.ts";
import { FACTS_CHANNEL, type JobFacts } from "./file-tasks.ts";
import type { Ledger } from "./ledger.ts";
import type { FileFacts } from "./measure-file.ts";

/**
 * Enters what becomes of the jobs of files in the ledger. Returns how to stop.
 *
 * What a job found and that it succeeded come by different ways, in any order. A job may run more than once (at
 * least once): it counts when the engine says that it succeeded.
 */
export function keepLedger(spin: Engine, ledger: Ledger): () => void {
  const found = new Map<string, FileFacts>();
  const succeeded = new Set<string>();
  const enter = (id: string): void => {
    const facts = found.get(id);
    if (facts === undefined || !succeeded.delete(id)) return;
    found.delete(id);
    ledger.jobSucceeded(facts);
  };
  const channel = new BroadcastChannel(FACTS_CHANNEL);
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the typed way of worker_threads
  channel.onmessage = (event) => {
    const { job, facts } = (event as { readonly data: JobFacts }).data;
    found.set(job, facts);
    enter(job);
  };
  spin.on("jobFinished", ({ job }) => {
    if (job.status !== JobStatus.SUCCEEDED) return;
    succeeded.add(job.id);
    enter(job.id);
  });
  spin.on("jobFailed", ({ job, err }) => {
    ledger.jobFailed({ path: String(job.args[0]), problem: describeProblem(err) });
  });
  return () => {
    channel.close();
  };
}
