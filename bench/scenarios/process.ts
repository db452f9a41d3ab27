/** How fast jobs are processed that wait already, and what a job costs in CPU time. */
import { processJobs } from "../lib/process-jobs.ts";
import { type Case, loadsOf, type Mode, type Scenario, usualRuns } from "../lib/scenario.ts";

/** Thousands of jobs of a full run: about 1.5 s of work. A quick run has a twentieth. */
const THOUSANDS = {
  1: {
    spinach: 24,
    bullmq: 9,
    "bee-queue": 6,
    platformatic: 2,
    "graphile-worker": 12,
    "pg-boss": 10,
    floor: 24,
  },
  10: {
    spinach: 120,
    bullmq: 24,
    "bee-queue": 20,
    platformatic: 6,
    "graphile-worker": 30,
    "pg-boss": 20,
    floor: 160,
  },
  100: {
    spinach: 240,
    bullmq: 30,
    "bee-queue": 24,
    platformatic: 8,
    "graphile-worker": 40,
    "pg-boss": 24,
    floor: 400,
  },
  256: {
    spinach: 300,
    bullmq: 30,
    "bee-queue": 24,
    platformatic: 8,
    "graphile-worker": 40,
    "pg-boss": 24,
    floor: 480,
  },
  1000: {
    spinach: 300,
    bullmq: 30,
    "bee-queue": 24,
    platformatic: 8,
    "graphile-worker": 40,
    "pg-boss": 24,
    floor: 480,
  },
} as const;

function cases(mode: Mode): readonly Case[] {
  const scale = mode === "full" ? 1000 : 50;
  const all = [1, 10, 100, 256, 1000] as const;
  return (mode === "full" ? all : ([256] as const)).map((concurrency) => {
    return {
      id: `process-${concurrency}`,
      loads: loadsOf(THOUSANDS[concurrency], scale, { concurrency }),
      ...usualRuns(mode),
    };
  });
}

export const scenario: Scenario = {
  cases,
  measure: async (run) => processJobs(run),
  chapter: {
    title: "Processing jobs that wait already",
    text:
      "No-op jobs, scheduled before. The clock runs from the start of the job that ends the first tenth to the " +
      "start of the last one. The CPU time of the server covers all jobs, and the start and stop of the workers too.",
    measures: [
      {
        id: ["process-1", "rate"],
        title: "1 at once",
        unit: "jobs/s",
        budget: { ratios: { bullmq: 1.6 } },
      },
      {
        id: ["process-10", "rate"],
        title: "10 at once",
        unit: "jobs/s",
        budget: { ratios: { bullmq: 3 } },
      },
      { id: ["process-100", "rate"], title: "100 at once", unit: "jobs/s" },
      {
        id: ["process-256", "rate"],
        title: "256 at once",
        unit: "jobs/s",
        budget: { ratios: { bullmq: 10, floor: 0.7 } },
      },
      { id: ["process-1000", "rate"], title: "1,000 at once", unit: "jobs/s" },
      {
        id: ["process-256", "serverCpuUs"],
        title: "CPU time of the server, 256 at once",
        unit: "us/job",
        budget: { most: 3 },
      },
      {
        id: ["process-256", "clientCpuUs"],
        title: "CPU time of the worker process, 256 at once",
        unit: "us/job",
      },
    ],
  },
};
