/** How fast Python Spinach, the original, processes jobs on the same Redis. */
import { join } from "node:path";

import { processJobs } from "../lib/process-jobs.ts";
import { pythonOutput } from "../lib/python.ts";
import {
  amount,
  type Case,
  type Figures,
  loadsOf,
  type Mode,
  type Run,
  scaleOf,
  type Scenario,
  usualRuns,
} from "../lib/scenario.ts";

const CONCURRENCY = 256;

/** What each is asked for. */
const PYTHON = {
  "python-default": ["5", "threads"],
  "python-spinach": [String(CONCURRENCY), "coroutines"],
} as const;

/** Thousands of jobs of a full run. */
const THOUSANDS = { spinach: 300, "python-default": 3, "python-spinach": 10 } as const;

const PROGRAM = join(import.meta.dirname, "../python/spinach_process.py");

function cases(mode: Mode): readonly Case[] {
  return [
    {
      id: "python",
      loads: loadsOf(THOUSANDS, scaleOf(mode), { concurrency: CONCURRENCY }),
      ...usualRuns(mode),
    },
  ];
}

async function measure(run: Run): Promise<Figures> {
  if (run.contender !== "python-default" && run.contender !== "python-spinach") {
    return processJobs(run);
  }
  const url = `redis://127.0.0.1:${run.setup.redisPort}`;
  const jobs = amount(run.load, "jobs");
  return JSON.parse(pythonOutput(PROGRAM, url, String(jobs), ...PYTHON[run.contender])) as Figures;
}

export const scenario: Scenario = {
  cases,
  measure,
  chapter: {
    title: "The original",
    text:
      "No-op jobs as in the first chapter, 256 coroutines, and Python Spinach 0.0.25 on the same Redis: with the 5 threads that it has " +
      "by default, and with as many coroutines.",
    rivals: ["python-spinach"],
    measures: [
      {
        id: ["python", "rate"],
        title: "256 at once",
        unit: "jobs/s",
        budget: { ratios: { "python-default": 40 } },
      },
      {
        id: ["python", "clientCpuUs"],
        title: "CPU time of the worker process",
        unit: "us/job",
      },
    ],
  },
};
