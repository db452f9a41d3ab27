import type { History, Run } from "../history.ts";
import { LOAD_NAMES, loadTask } from "../load.ts";
import { emptiedIn } from "./emptied.ts";
import { endOfProcess, type Rule, type Violation } from "./rule.ts";

/** Never more runs of a limited task at once than its limit, by the overlap of their times. */
export const limitsKept: Rule = {
  title: "[G5] never more runs of a task at once than its limit",
  check: (history) =>
    LOAD_NAMES.flatMap((name): readonly Violation[] => {
      const limit = loadTask(name)?.maxConcurrency;
      if (limit === undefined) return [];
      const { most, runs } = mostAtOnce(history, name);
      if (most <= limit) return [];
      const jobs = runs.flatMap(({ key }) => history.jobs.get(key) ?? []);
      return [{ message: `${most} of ${name} ran at once; its limit is ${limit}`, jobs }];
    }),
};

/** The most runs of a task at once, and which. */
export function mostAtOnce(
  history: History,
  task: string,
): { readonly most: number; readonly runs: readonly Run[] } {
  const runs = [...history.jobs.values()]
    .filter((job) => job.task === task)
    .flatMap((job) => job.runs);
  const edges = runs.flatMap((run) => {
    const endMs = endOfHold(history, run);
    // One whose lease may have ended before it started holds nothing.
    if (endMs <= run.atMs) return [];
    return [
      { atMs: run.atMs, run, isStart: true },
      { atMs: endMs, run, isStart: false },
    ];
  });
  const running = new Set<Run>();
  let most: readonly Run[] = [];
  for (const { run, isStart } of edges.toSorted(byTime)) {
    if (isStart) running.add(run);
    else running.delete(run);
    if (running.size > most.length) most = [...running];
  }
  return { most: most.length, runs: most };
}

interface Edge {
  readonly atMs: number;
  readonly isStart: boolean;
}

function byTime(one: Edge, other: Edge): number {
  return one.atMs - other.atMs || Number(one.isStart) - Number(other.isStart);
}

/** Its end, the death of its process, the earliest end of its lease, or when the store forgot it. */
function endOfHold(history: History, run: Run): number {
  const losses = history.losses.get(run.process) ?? [];
  const lost = losses.filter(({ noticedAtMs }) => noticedAtMs >= run.atMs);
  const ends = [run.endedAtMs ?? Infinity, endOfProcess(history, run)];
  const forgotten = emptiedIn(history).filter(({ untilMs }) => untilMs >= run.atMs);
  return Math.min(...ends, ...[...lost, ...forgotten].map(({ sinceMs }) => sinceMs));
}
