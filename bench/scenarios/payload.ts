/** How fast jobs are processed that carry something. */
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

const KIB = 1024;
const CONCURRENCY = 256;

/** Thousands of jobs of a full run: about 1 s of work. */
const THOUSANDS = {
  1: {
    spinach: 100,
    bullmq: 14,
    "bee-queue": 14,
    platformatic: 5,
    "graphile-worker": 20,
    "pg-boss": 12,
    floor: 150,
  },
  64: {
    spinach: 6,
    bullmq: 3,
    "bee-queue": 3,
    platformatic: 2,
    "graphile-worker": 3,
    "pg-boss": 3,
    floor: 6,
  },
} as const;

function cases(mode: Mode): readonly Case[] {
  return (mode === "full" ? ([1, 64] as const) : ([1] as const)).map((size) => ({
    id: `payload-${size}`,
    loads: fewIfQuick(
      mode,
      loadsOf(THOUSANDS[size], scaleOf(mode), { concurrency: CONCURRENCY, payload: size * KIB }),
    ),
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
