import { loadTask } from "../load.ts";
import { wasLostWithStore } from "./emptied.ts";
import type { Rule, Violation } from "./rule.ts";

/** What was sent arrives as it was. */
export const intact: Rule = {
  title: "[G3] arguments arrive as they were",
  check: ({ corrupt, jobs }) =>
    corrupt.map((key) => {
      const job = jobs.get(key);
      return { message: `${key} got other arguments`, jobs: job === undefined ? [] : [job] };
    }),
};

/** A batch is there or is not. Seen by at-least-once jobs only: others may die unseen. */
export const wholeBatches: Rule = {
  title: "[G2] a batch of which no answer came is in as a whole, or not at all",
  check: (history) => {
    const unknown = [...history.jobs.values()].filter(
      (job) =>
        job.fate !== "acknowledged" &&
        loadTask(job.task)?.maxRetries !== 0 &&
        !wasLostWithStore(history, job),
    );
    const batches = Map.groupBy(unknown, ({ batch }) => batch);
    return [...batches.values()].flatMap((batch): readonly Violation[] => {
      const ran = batch.filter(({ runs }) => runs.length > 0);
      if (ran.length === 0 || ran.length === batch.length) return [];
      return [{ message: `${ran.length} of ${batch.length} jobs of a batch ran`, jobs: batch }];
    });
  },
};

/** Who is told that a job was refused can rely on it. */
export const refusedStaysOut: Rule = {
  title: "[G2] what was refused never runs",
  check: ({ jobs }) =>
    [...jobs.values()].flatMap((job): readonly Violation[] => {
      if (job.fate !== "refused" || job.runs.length === 0) return [];
      return [{ message: `${job.task} ${job.key} was refused, and ran`, jobs: [job] }];
    }),
};
