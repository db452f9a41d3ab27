/** How fast jobs are processed that wait already, and what a job costs in CPU time. */
import { processJobs } from "../lib/process-jobs.ts";
import {
  type Case,
  loadsOf,
  type Mode,
  scaleOf,
  type Scenario,
  usualRuns,
} from "../lib/scenario.ts";

/**
 * Thousands of jobs of a full run: 1 s of work at least, and 3 s where that is little beside the start of a process
 * and a budget depends on it.
 */
const THOUSANDS = {
  1: {
    spinach: 12,
    bullmq: 5,
    "bee-queue": 5,
    platformatic: 2,
    "graphile-worker": 20,
    "pg-boss": 12,
    floor: 12,
  },
  10: {
    spinach: 70,
    bullmq: 14,
    "bee-queue": 13,
    platformatic: 4,
    "graphile-worker": 20,
    "pg-boss": 12,
    floor: 80,
  },
  100: {
    spinach: 161,
    bullmq: 20,
    "bee-queue": 16,
    platformatic: 5,
    "graphile-worker": 27,
    "pg-boss": 16,
    floor: 268,
  },
  256: {
    spinach: 600,
    bullmq: 20,
    "bee-queue": 16,
    platformatic: 5,
    "graphile-worker": 27,
    "pg-boss": 16,
    floor: 600,
  },
  1000: {
    spinach: 300,
    bullmq: 20,
    "bee-queue": 16,
    platformatic: 5,
    "graphile-worker": 27,
    "pg-boss": 16,
    floor: 300,
  },
} as const;

function cases(mode: Mode): readonly Case[] {
  const all = [1, 10, 100, 256, 1000] as const;
  return (mode === "full" ? all : ([256] as const)).map((concurrency) => {
    return {
      id: `process-${concurrency}`,
      loads: loadsOf(THOUSANDS[concurrency], scaleOf(mode), { concurrency }),
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
        missed:
          "The floor calls a function for each job and knows no slots, outcomes, limits, timeouts or events. What Spinach does beside " +
          "that is small per job and spread over many places: see the profile below. Tried, and kept where it helped: trips that overlap " +
          "with the jobs of the trip before, jobs read while the next trip is under way, one argument for all that ended, no check of keyword arguments that a call has not; a " +
          "parser of our own texts was no faster than `JSON.parse`.",
      },
      { id: ["process-1000", "rate"], title: "1,000 at once", unit: "jobs/s" },
      {
        id: ["process-256", "serverCpuUs"],
        title: "CPU time of the server, 256 at once",
        unit: "us/job",
        budget: { most: 3, where: { bullmq: 44, floor: 1.3 } },
        missed:
          "A trip is 1 LPOP, 1 HSET and 1 HDEL whatever the number of jobs, as the floor's is: compare with its figure, which tells how " +
          "fast the machine was. What lies between the two is the check that the process is a member, and the look whether anything is limited or due.",
      },
      {
        id: ["process-256", "clientCpuUs"],
        title: "CPU time of the worker process, 256 at once",
        unit: "us/job",
      },
    ],
  },
};
