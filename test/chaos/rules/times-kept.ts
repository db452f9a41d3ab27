import type { Run } from "../history.ts";
import { PERIODS } from "../load.ts";
import type { Rule, Violation } from "./rule.ts";

/** A job of the future never starts early. */
export const neverEarly: Rule = {
  title: "[G9] a job of the future never starts before its time",
  check: ({ jobs }) =>
    [...jobs.values()].flatMap((job): readonly Violation[] => {
      const early = job.runs.find(({ wallMs }) => wallMs < (job.notBeforeMs ?? 0));
      if (early === undefined) return [];
      const byMs = (job.notBeforeMs ?? 0) - early.wallMs;
      return [{ message: `${job.task} ${job.key} started ${byMs} ms early`, jobs: [job] }];
    }),
};

/** The time that a periodic job was made is written without its microseconds, in ms. */
const ROUNDING_MS = 1;

/** One run a period at most. */
export const onePerPeriod: Rule = {
  title: "[G10] at most one run a period, and no storm after an outage",
  check: ({ periodic }) =>
    [...Map.groupBy(periodic, ({ task }) => task)].flatMap(([task, runs]) => tooOften(task, runs)),
};

function tooOften(task: string, runs: readonly Run[]): readonly Violation[] {
  const periodMs = PERIODS[task] ?? 0;
  const madeAtMs = [...new Map(runs.map(({ id, dueMs }) => [id, dueMs])).values()].toSorted(
    (one, other) => one - other,
  );
  // Each was made within the period that it belongs to: n later ones take more than n - 1 periods.
  for (const [first, firstMs] of madeAtMs.entries()) {
    for (let last = first + 2; last < madeAtMs.length; last += 1) {
      const tookMs = (madeAtMs[last] ?? 0) - firstMs + ROUNDING_MS;
      if (tookMs >= (last - first - 1) * periodMs) continue;
      const message = `${last - first + 1} runs of ${task} were made within ${tookMs} ms; its period is ${periodMs} ms`;
      return [{ message, jobs: [] }];
    }
  }
  return [];
}
