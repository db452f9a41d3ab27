/** How fast jobs are processed that are in the memory of the process. */
import { processJobs } from "../lib/process-jobs.ts";
import {
  type Case,
  loadsOf,
  type Mode,
  scaleOf,
  type Scenario,
  usualRuns,
} from "../lib/scenario.ts";

/** Thousands of jobs of a full run: 1 s of work at least. */
const THOUSANDS = {
  1: { "spinach-memory": 300, "platformatic-memory": 40 },
  256: { "spinach-memory": 600, "platformatic-memory": 60 },
  1000: { "spinach-memory": 400, "platformatic-memory": 60 },
} as const;

function cases(mode: Mode): readonly Case[] {
  const all = [1, 256, 1000] as const;
  return (mode === "full" ? all : ([256] as const)).map((concurrency) => ({
    id: `process-memory-${concurrency}`,
    loads: loadsOf(THOUSANDS[concurrency], scaleOf(mode), { concurrency }),
    ...usualRuns(mode),
  }));
}

export const scenario: Scenario = {
  cases,
  measure: async (run) => processJobs(run),
  chapter: {
    title: "Processing jobs in memory",
    text: "The same without a server: no-op jobs of this process, scheduled before.",
    own: "spinach-memory",
    rivals: ["platformatic-memory"],
    notes: [
      "BullMQ, bee-queue, graphile-worker and pg-boss need a server. No floor: a call of a function is all that is left.",
    ],
    measures: [
      { id: ["process-memory-1", "rate"], title: "1 at once", unit: "jobs/s" },
      {
        id: ["process-memory-256", "rate"],
        title: "256 at once",
        unit: "jobs/s",
        budget: { least: 250_000 },
      },
      { id: ["process-memory-1000", "rate"], title: "1,000 at once", unit: "jobs/s" },
    ],
  },
};
