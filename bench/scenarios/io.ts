/** How fast jobs are processed that wait a little, as those do that call another service. */
import { setTimeout as sleep } from "node:timers/promises";

import { processJobs } from "../lib/process-jobs.ts";
import {
  type Case,
  fewIfQuick,
  loadsOf,
  scaleOf,
  type Mode,
  type Scenario,
  usualRuns,
} from "../lib/scenario.ts";

const IO_MS = 1;

/** Thousands of jobs of a full run: about 1 s of work. */
const THOUSANDS = {
  10: {
    spinach: 6,
    bullmq: 6,
    "bee-queue": 5,
    platformatic: 3,
    "graphile-worker": 6,
    "pg-boss": 5,
    floor: 6,
  },
  256: {
    spinach: 100,
    bullmq: 15,
    "bee-queue": 15,
    platformatic: 5,
    "graphile-worker": 20,
    "pg-boss": 12,
    floor: 100,
  },
} as const;

function cases(mode: Mode): readonly Case[] {
  return (mode === "full" ? ([10, 256] as const) : ([256] as const)).map((concurrency) => ({
    id: `io-${concurrency}`,
    loads: fewIfQuick(mode, loadsOf(THOUSANDS[concurrency], scaleOf(mode), { concurrency })),
    ...usualRuns(mode),
  }));
}

export const scenario: Scenario = {
  cases,
  measure: async (run) => processJobs(run, async () => sleep(IO_MS)),
  chapter: {
    title: "Processing jobs with 1 ms of I/O",
    text:
      "Each job waits for a timer of 1 ms, which Node lets last 1 to 2 ms. The floor begins with the next jobs when " +
      "all of a trip have ended, so it can be slower than those that fill each place as it becomes free.",
    rivals: ["bullmq"],
    measures: [
      { id: ["io-10", "rate"], title: "10 at once", unit: "jobs/s" },
      { id: ["io-256", "rate"], title: "256 at once", unit: "jobs/s" },
      {
        id: ["io-256", "clientCpuUs"],
        title: "CPU time of the worker process, 256 at once",
        unit: "us/job",
      },
    ],
  },
};
