import type { History, JobHistory } from "../history.ts";
import { loadTask } from "../load.ts";
import { endingOf, isExplainedByLossOnly } from "./all-end.ts";
import type { Rule, Violation } from "./rule.ts";

/** Two at-most-once jobs a slot, of which a worker has 24: one that runs, one that was taken ahead. */
export const MOST_HELD = 48;

/** An at-most-once job that a process takes with it never runs: so it holds few. */
export const deathsTakeFew: Rule = {
  title: "[G1] a process that dies takes at most two at-most-once jobs a slot with it",
  check: (history) => {
    const unstarted = [...history.jobs.values()].filter(
      (job) => loadTask(job.task)?.maxRetries === 0 && endingOf(history, job) === "never started",
    );
    return [...tooManyOfOne(history, unstarted), ...tooManyOfLosses(history, unstarted)];
  },
};

/** Whose process is known, since who took its jobs over told which it failed. */
function tooManyOfOne(
  { failedByDeath }: History,
  unstarted: readonly JobHistory[],
): readonly Violation[] {
  const byBroker = Map.groupBy(unstarted, ({ id = "" }) => failedByDeath.get(id));
  return [...byBroker].flatMap(([broker, jobs]): readonly Violation[] => {
    if (broker === undefined || jobs.length <= MOST_HELD) return [];
    return [{ message: `broker ${broker} took ${jobs.length} at-most-once jobs with it`, jobs }];
  });
}

/** Any process that lost its lease may have held them; all of these together no more than they could hold. */
function tooManyOfLosses(history: History, unstarted: readonly JobHistory[]): readonly Violation[] {
  const jobs = unstarted.filter((job) => isExplainedByLossOnly(history, job));
  const losses = [...history.losses.values()].flat().length;
  if (jobs.length <= losses * MOST_HELD) return [];
  return [{ message: `${losses} lost leases took ${jobs.length} at-most-once jobs`, jobs }];
}
