import type { History, JobHistory, Run } from "../history.ts";
import { loadTask } from "../load.ts";
import { wasLostWithStore } from "./emptied.ts";
import type { Rule, Violation } from "./rule.ts";

/** What became of a job. */
export type Ending =
  | "succeeded"
  | "failed"
  /** It was in the hands of a process that died before it started it, the last time that it might. */
  | "never started"
  /** Refused, or not known to be scheduled, and it never ran. */
  | "not scheduled"
  /** The store came back empty. */
  | "lost with the store"
  | "lost";

/** What was acknowledged has ended by the rules of its task. */
export const allEnd: Rule = {
  title: "[G1] [G4] what was acknowledged succeeded, or failed by the rules",
  check: (history) =>
    [...history.jobs.values()].flatMap((job): readonly Violation[] => {
      if (endingOf(history, job) !== "lost") return [];
      const last = job.runs.at(-1);
      const what = last === undefined ? "never ran" : `ended with a run that ${describe(last)}`;
      return [{ message: `${job.task} ${job.key} ${what}`, jobs: [job] }];
    }),
};

export function endingOf(history: History, job: JobHistory): Ending {
  const ending = endingByRules(history, job);
  if (ending !== "lost" || !wasLostWithStore(history, job)) return ending;
  return "lost with the store";
}

/** Whether nothing but a lost lease explains that it never started: who lost it cannot be asked what it held. */
export function isExplainedByLossOnly(history: History, job: JobHistory): boolean {
  if (endingOf(history, job) !== "never started" || wasFailedByDeath(history, job)) return false;
  return job.id === undefined || !history.heldAtDeath.has(job.id);
}

function endingByRules(history: History, job: JobHistory): Ending {
  const maxRetries = loadTask(job.task)?.maxRetries ?? 0;
  const last = job.runs.toSorted(byAttempt).at(-1);
  if (last === undefined) return endingOfUnstarted(history, job, maxRetries);
  if (job.runs.some(({ how }) => how === "ok")) return "succeeded";
  if (last.how === "aborted" || last.attempt >= maxRetries) return "failed";
  return wasFailedByDeath(history, job) ? "failed" : "lost";
}

function byAttempt(one: Run, other: Run): number {
  return one.attempt - other.attempt || one.atMs - other.atMs;
}

function endingOfUnstarted(history: History, job: JobHistory, maxRetries: number): Ending {
  if (job.fate !== "acknowledged") return "not scheduled";
  if (wasFailedByDeath(history, job)) return "never started";
  if (wasLostWithStore(history, job)) return "lost with the store";
  if (maxRetries === 0 && wasHeldByTheDead(history, job)) return "never started";
  return "lost";
}

/** A process that dies counts as an attempt of all that it held, started or not. */
function wasFailedByDeath({ failedByDeath }: History, { id }: JobHistory): boolean {
  return id !== undefined && failedByDeath.has(id);
}

function wasHeldByTheDead(
  { heldAtDeath, losses }: History,
  { id, intendedAtMs }: JobHistory,
): boolean {
  if (id !== undefined && heldAtDeath.has(id)) return true;
  // What a process held that lost its lease cannot be asked for in time.
  const all = [...losses.values()].flat();
  return all.some(({ noticedAtMs }) => noticedAtMs >= intendedAtMs);
}

function describe({ how, attempt, process }: Run): string {
  return `${how ?? "has no end"} (attempt ${attempt}, ${process})`;
}
