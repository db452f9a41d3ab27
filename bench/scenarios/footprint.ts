/** What a worker process takes: memory while it waits for jobs, and time from its start to its first job. */
import { setTimeout as sleep } from "node:timers/promises";

import { fill } from "../lib/fill.ts";
import {
  amount,
  type Case,
  fewIfQuick,
  type Figures,
  type Mode,
  type Run,
  sameLoads,
  type Scenario,
} from "../lib/scenario.ts";
import { WorkerPool } from "../lib/worker-pool.ts";

const CONTENDERS = [
  "spinach",
  "bullmq",
  "bee-queue",
  "platformatic",
  "graphile-worker",
  "pg-boss",
  "floor",
] as const;

const MIB = 2 ** 20;

/** One job, to be found waiting when the process starts. */
const JOBS = 1;

/** So many at once in the case that measures times too. */
const TIMED = 10;

/** The memory of a process does not depend on what the others do. */
const SIZES = { runs: 3, sideBySide: true } as const;

function cases(mode: Mode): readonly Case[] {
  const settleMs = mode === "full" ? 2000 : 200;
  return (mode === "full" ? [TIMED, 1000] : [TIMED]).map((concurrency) => ({
    id: `footprint-${concurrency}`,
    loads: fewIfQuick(mode, sameLoads(CONTENDERS, { concurrency, settleMs })),
    // The process that is measured is another one each time.
    warmUp: false,
    ...(concurrency === TIMED ? { runs: mode === "full" ? 5 : 1 } : SIZES),
  }));
}

async function measure(run: Run): Promise<Figures> {
  await fill(run, JOBS);
  const order = {
    contender: run.contender,
    setup: run.setup,
    concurrency: amount(run.load, "concurrency"),
  };
  const startedMs = performance.timeOrigin + performance.now();
  const pool = new WorkerPool([order]);
  await pool.ran(JOBS);
  const startMs = pool.firstMs - startedMs;
  await sleep(amount(run.load, "settleMs"));
  const [rss = 0] = await pool.measure();
  await pool.stop();
  return { startMs, rssMib: rss / MIB };
}

export const scenario: Scenario = {
  cases,
  measure,
  chapter: {
    title: "A worker process: memory, and time to its first job",
    text:
      "From the moment at which the process is started, by `fork`, to the start of a job that waits already: Node itself, " +
      "importing the package, connecting, and the first fetch. Then the resident memory of the process 2 s later, with nothing " +
      "to do, Node's own included. Spinach's includes its heartbeat thread. On PostgreSQL the tables stand already.",
    rivals: ["bullmq"],
    measures: [
      { id: ["footprint-10", "startMs"], title: "start to first job", unit: "ms" },
      { id: ["footprint-10", "rssMib"], title: "resident memory, 10 at once", unit: "MiB" },
      { id: ["footprint-1000", "rssMib"], title: "resident memory, 1,000 at once", unit: "MiB" },
    ],
  },
};
