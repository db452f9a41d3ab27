/** How fast jobs are processed that carry something. */
import { processJobs } from "../lib/process-jobs.ts";
import { type Case, loadsOf, type Mode, type Scenario, usualRuns } from "../lib/scenario.ts";

const KIB = 1024;
const CONCURRENCY = 256;

/** Thousands of jobs of a full run. A quick run has a twentieth. */
const THOUSANDS = {
  1: {
    spinach: 150,
    bullmq: 24,
    "bee-queue": 20,
    platformatic: 8,
    "graphile-worker": 30,
    "pg-boss": 20,
    floor: 200,
  },
  64: {
    spinach: 6,
    bullmq: 5,
    "bee-queue": 5,
    platformatic: 2,
    "graphile-worker": 4,
    "pg-boss": 4,
    floor: 6,
  },
} as const;

function cases(mode: Mode): readonly Case[] {
  const scale = mode === "full" ? 1000 : 50;
  return (mode === "full" ? ([1, 64] as const) : ([1] as const)).map((size) => ({
    id: `payload-${size}`,
    loads: loadsOf(THOUSANDS[size], scale, { concurrency: CONCURRENCY, payload: size * KIB }),
    ...usualRuns(mode),
  }));
}

export const scenario: Scenario = {
  cases,
  measure: async (run) => processJobs(run),
  chapter: {
    title: "Processing jobs with large arguments",
    text: "No-op jobs with a text beside the number, 256 at once, scheduled before.",
    rivals: ["bullmq"],
    measures: ([1, 64] as const).flatMap((size) => [
      { id: [`payload-${size}`, "rate"], title: `${size} KiB`, unit: "jobs/s" },
      {
        id: [`payload-${size}`, "serverCpuUs"],
        title: `CPU time of the server, ${size} KiB`,
        unit: "us/job",
      },
      {
        id: [`payload-${size}`, "clientCpuUs"],
        title: `CPU time of the worker process, ${size} KiB`,
        unit: "us/job",
      },
    ]),
  },
};
