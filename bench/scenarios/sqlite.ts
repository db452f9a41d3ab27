/** How fast jobs in an SQLite file are processed and scheduled. */
import { processJobs } from "../lib/process-jobs.ts";
import { type Case, loadsOf, type Mode, type Scenario, usualRuns } from "../lib/scenario.ts";
import { scenario as enqueue } from "./enqueue.ts";

/** Thousands of jobs of a full run: about 1 s of work. A quick run has a twentieth, since it counts whole batches. */
const THOUSANDS = {
  "process-1": {
    "spinach-sqlite": 20,
    "platformatic-file": 0.1,
    plainjob: 6,
    "floor-sqlite": 20,
  },
  "process-256": {
    "spinach-sqlite": 160,
    "platformatic-file": 0.4,
    plainjob: 6,
    "floor-sqlite": 240,
  },
  "enqueue-batch": { "spinach-sqlite": 160, plainjob: 100, "floor-sqlite": 300 },
  // No floor: calls that are under way together may share a commit.
  "enqueue-in-flight": { "spinach-sqlite": 120, "platformatic-file": 1, plainjob: 20 },
} as const;

/** What a case does: see process-jobs.ts, and the lanes of enqueue.ts, of which none means batches. */
const HOW = {
  "process-1": { concurrency: 1 },
  "process-256": { concurrency: 256 },
  "enqueue-batch": { lanes: 0 },
  "enqueue-in-flight": { lanes: 256 },
} as const;

function cases(mode: Mode): readonly Case[] {
  const scale = mode === "full" ? 1000 : 50;
  const all = ["process-1", "process-256", "enqueue-batch", "enqueue-in-flight"] as const;
  const quick = ["process-256", "enqueue-batch"] as const;
  return (mode === "full" ? all : quick).map((name) => ({
    id: `sqlite-${name}`,
    loads: loadsOf(THOUSANDS[name], scale, HOW[name]),
    ...usualRuns(mode),
  }));
}

export const scenario: Scenario = {
  cases,
  measure: async (run) => ("lanes" in run.load ? enqueue.measure(run) : processJobs(run)),
  chapter: {
    title: "Jobs in an SQLite file",
    text:
      "The same as above on a file, with the write-ahead log and `synchronous=NORMAL`: no-op jobs that wait already, " +
      "batches of 1,000, and 256 calls in flight. The floor is the bare statements, with a commit a trip.",
    own: "spinach-sqlite",
    rivals: ["plainjob", "platformatic-file", "floor-sqlite"],
    notes: [
      "plainjob commits for each job that it takes and for each that ends, and keeps those that ended. platformatic keeps a file a job, and has no call for many. No floor for calls in flight: those that are under way together may share a commit.",
    ],
    measures: [
      { id: ["sqlite-process-1", "rate"], title: "1 at once", unit: "jobs/s" },
      {
        id: ["sqlite-process-256", "rate"],
        title: "256 at once",
        unit: "jobs/s",
        budget: { least: 100_000, where: { "floor-sqlite": 226_000 } },
      },
      {
        id: ["sqlite-process-256", "clientCpuUs"],
        title: "CPU time, 256 at once",
        unit: "us/job",
      },
      { id: ["sqlite-enqueue-batch", "rate"], title: "batches of 1,000", unit: "jobs/s" },
      { id: ["sqlite-enqueue-in-flight", "rate"], title: "256 calls in flight", unit: "jobs/s" },
    ],
  },
};
