import type { History } from "../history.ts";
import { PERIODS } from "../load.ts";
import { gapsIn, hasHealthyWorker, quietStretches, type Stretch } from "./quiet.ts";
import type { Rule, Violation } from "./rule.ts";

/** Longer than any job of the load holds its place, in ms; shorter than any backoff. */
const LONGEST_GAP_MS = 8000;

/** So many jobs that are due must wait before that is a fault. */
const LEAST_WAITING = 10;

/** A periodic run may die with its process, unseen: then the next one is waited for. And a trip or two, in ms. */
const PERIODS_AT_MOST = 2;
const LATE_MS = 5000;

/** A failure of one thing does not slow the others. */
export const jobsGoOn: Rule = {
  title: "[G12] while nothing is wrong with the store, and a worker is well, jobs go on starting",
  check: (history) => {
    const jobs = [...history.jobs.values()];
    const starts = jobs.flatMap(({ runs }) => runs.map(({ atMs }) => atMs));
    const due = jobs.filter((job) => job.fate === "acknowledged" && job.notBeforeMs === undefined);
    return gaps(history, starts, LONGEST_GAP_MS).flatMap((gap): readonly Violation[] => {
      const cameMs = gap.untilMs - LONGEST_GAP_MS / 2;
      const waiting = due.filter(
        ({ intendedAtMs }) => intendedAtMs > gap.sinceMs && intendedAtMs < cameMs,
      );
      if (waiting.length < LEAST_WAITING) return [];
      const message = `no job started ${inWords(gap)}; ${waiting.length} were scheduled meanwhile`;
      return [{ message, jobs: waiting }];
    });
  },
};

/** Periodic tasks come, and come back. */
export const beatsGoOn: Rule = {
  title: "[G10] while nothing is wrong with the store, and a worker is well, periodic tasks run",
  check: (history) =>
    Object.entries(PERIODS).flatMap(([task, periodMs]) => {
      const runs = history.periodic.filter((run) => run.task === task);
      const starts = runs.map(({ atMs }) => atMs);
      return gaps(history, starts, PERIODS_AT_MOST * periodMs + LATE_MS).map((gap) => ({
        message: `${task}, whose period is ${periodMs} ms, did not run ${inWords(gap)}`,
        jobs: [],
      }));
    }),
};

function gaps(history: History, timesMs: readonly number[], mostMs: number): readonly Stretch[] {
  return quietStretches(history)
    .flatMap((stretch) => gapsIn(stretch, timesMs))
    .filter(({ sinceMs, untilMs }) => untilMs - sinceMs > mostMs)
    .filter((gap) => hasHealthyWorker(history, gap));
}

function inWords({ sinceMs, untilMs }: Stretch): string {
  return `for ${(untilMs - sinceMs).toFixed(0)} ms, from ${sinceMs.toFixed(0)}`;
}
