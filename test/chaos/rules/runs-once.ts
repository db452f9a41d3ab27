import type { History, JobHistory, Run } from "../history.ts";
import { loadTask } from "../load.ts";
import type { Rule, Violation } from "./rule.ts";

/** An attempt starts once, unless a stop has put the job back. At most once: so the only attempt. */
export const runsOnce: Rule = {
  title: "[G1] [G2] [G8] an attempt starts at most once, unless a stop put the job back",
  check: ({ jobs, periodic }) => [
    ...[...jobs.values()].flatMap((job) => twice(job.runs, [job])),
    ...byId(periodic).flatMap((runs) => twice(runs, [])),
  ],
};

function twice(runs: readonly Run[], jobs: readonly JobHistory[]): readonly Violation[] {
  const violations: Violation[] = [];
  const seen = new Map<number, Run>();
  for (const run of runs) {
    // At most once there is no other attempt, whatever its number.
    const place = isOnce(run) ? 0 : run.attempt;
    const before = seen.get(place);
    seen.set(place, run);
    if (before === undefined || (before.how === "stopped" && !isOnce(run))) continue;
    const message = `attempt ${run.attempt} of ${run.task} ${run.key} started on ${before.process}, then on ${run.process}`;
    violations.push({ message, jobs });
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
