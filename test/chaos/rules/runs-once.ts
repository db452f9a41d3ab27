import type { History, JobHistory, Run } from "../history.ts";
import { loadTask } from "../load.ts";
import { mayBeTakenInTwice } from "./emptied.ts";
import type { Rule, Violation } from "./rule.ts";

/** An attempt starts once, unless a stop has put the job back. At most once: so the only attempt. */
export const runsOnce: Rule = {
  title: "[G1] [G2] [G8] an attempt starts at most once, unless a stop put the job back",
  check: (history) => [
    ...[...history.jobs.values()].flatMap((job) => twice(history, job.runs, job)),
    ...byId(history.periodic).flatMap((runs) => twice(history, runs)),
  ],
};

function twice(history: History, runs: readonly Run[], job?: JobHistory): readonly Violation[] {
  const violations: Violation[] = [];
  const seen = new Map<number, Run>();
  for (const run of runs) {
    // At most once there is no other attempt, whatever its number.
    const place = isOnce(run) ? 0 : run.attempt;
    const before = seen.get(place);
    seen.set(place, run);
    if (before === undefined || (before.how === "stopped" && !isOnce(run))) continue;
    if (job !== undefined && mayBeTakenInTwice(history, job, before)) continue;
    const message = `attempt ${run.attempt} of ${run.task} ${run.key} started on ${before.process}, then on ${run.process}`;
    violations.push({ message, jobs: job === undefined ? [] : [job] });
  }
  return violations;
}

/** Periodic tasks too. */
function isOnce({ task }: Run): boolean {
  return (loadTask(task)?.maxRetries ?? 0) === 0;
}

function byId(runs: History["periodic"]): readonly Run[][] {
  return [...Map.groupBy(runs, ({ id }) => id).values()];
}
