import type { History, JobHistory, Run } from "../history.ts";
import type { RunEnd } from "../journal.ts";
import { mayBeTakenInTwice } from "./emptied.ts";
import { type Rule, takenBy, type Violation } from "./rule.ts";

/** A job runs again only if it failed, or a fault took it from its process. */
export const rerunsExplained: Rule = {
  title: "[G1] [G6] a job runs again only after a failure, or where a fault explains it",
  check: (history) => [...history.jobs.values()].flatMap((job) => unexplained(history, job)),
};

const FAILURES: ReadonlySet<RunEnd | undefined> = new Set(["threw", "died"]);

/** Why each run but the first came about, of all jobs. */
export function reasonsOfReruns(history: History): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const job of history.jobs.values()) {
    for (const [run, next] of pairs(job.runs)) {
      const reason = reasonOf(history, job, [run, next]) ?? "nothing";
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
    }
  }
  return counts;
}

function unexplained(history: History, job: JobHistory): readonly Violation[] {
  const violations: Violation[] = [];
  for (const [run, next] of pairs(job.runs)) {
    if (reasonOf(history, job, [run, next]) !== undefined) continue;
    const message = `${job.task} ${job.key} ran on ${run.process} (${run.how ?? "no end"}), and again on ${next.process}`;
    violations.push({ message, jobs: [job] });
  }
  return violations;
}

function reasonOf(
  history: History,
  job: JobHistory,
  [run, next]: readonly [Run, Run],
): string | undefined {
  if (next.attempt < run.attempt && startedLate(history, next))
    return "a lost lease was noticed late";
  if (FAILURES.has(run.how) && next.atMs > (run.endedAtMs ?? Infinity)) return "it failed";
  const taken = takenBy(history, run, next.atMs);
  if (taken !== undefined) return taken;
  return mayBeTakenInTwice(history, job, run) ? "the store had forgotten its call" : undefined;
}

/** By a process that held the job, was frozen past its lease, and had not heard of that when it woke. */
function startedLate({ losses }: History, run: Run): boolean {
  const all = losses.get(run.process) ?? [];
  return all.some(({ sinceMs, noticedAtMs }) => sinceMs < run.atMs && run.atMs <= noticedAtMs);
}

function pairs(runs: readonly Run[]): ReadonlyArray<readonly [Run, Run]> {
  return runs.slice(1).flatMap((next, index) => {
    const run = runs[index];
    return run === undefined ? [] : [[run, next] as const];
  });
}
