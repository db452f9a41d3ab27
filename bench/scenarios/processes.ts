/** How fast 1, 2 and 4 processes work on one server. */
import { fill } from "../lib/fill.ts";
import {
  amount,
  type Case,
  fewIfQuick,
  type Figures,
  loadsOf,
  type Mode,
  type Run,
  scaleOf,
  type Scenario,
} from "../lib/scenario.ts";
import { WorkerPool } from "../lib/worker-pool.ts";

/** Thousands of jobs of a full run: about 1 s of work. */
const THOUSANDS = {
  spinach: 200,
  bullmq: 18,
  "bee-queue": 18,
  platformatic: 5,
  "graphile-worker": 24,
  "pg-boss": 14,
  floor: 300,
} as const;

const CONCURRENCY = 256;

/** The clock starts when this part of the jobs has started: connections stand, the code is compiled. */
const WARM_PART = 0.1;

function cases(mode: Mode): readonly Case[] {
  const counts = mode === "full" ? [1, 2, 4] : [2];
  return counts.map((processes) => ({
    id: `processes-${processes}`,
    loads: fewIfQuick(mode, loadsOf(THOUSANDS, scaleOf(mode), { processes })),
    runs: mode === "full" ? 5 : 1,
    // Each run has jobs of its own to warm up.
    warmUp: false,
  }));
}

async function measure(run: Run): Promise<Figures> {
  const jobs = amount(run.load, "jobs");
  await fill(run, jobs);
  const order = { contender: run.contender, setup: run.setup, concurrency: CONCURRENCY };
  const cpuBefore = await run.look.serverCpuUs();
  const pool = new WorkerPool(Array.from({ length: amount(run.load, "processes") }, () => order));
  await pool.ran(jobs);
  const ended = await pool.stop();
  const cpuAfter = await run.look.serverCpuUs();
  expectEachOnce(
    jobs,
    ended.flatMap(({ indices }) => [...indices]),
  );
  const timesMs = ended.flatMap((each) => [...each.timesMs]).toSorted((a, b) => a - b);
  const warm = Math.ceil(jobs * WARM_PART);
  const seconds = ((timesMs.at(-1) ?? 0) - (timesMs[warm - 1] ?? 0)) / 1000;
  return {
    rate: (jobs - warm) / seconds,
    serverCpuUs: ((cpuAfter ?? 0) - (cpuBefore ?? 0)) / jobs,
  };
}

/** @throws Error if a job ran twice, in whatever processes, or not at all */
function expectEachOnce(jobs: number, ran: readonly number[]): void {
  const different = new Set(ran).size;
  if (ran.length === jobs && different === jobs) return;
  throw new Error(`${different} of ${jobs} jobs ran, ${ran.length - different} of them again`);
}

export const scenario: Scenario = {
  cases,
  measure,
  chapter: {
    title: "Several worker processes on one server",
    text:
      "No-op jobs that wait already, 256 at once in each process. The clock runs from the start of the job that ends the " +
      "first tenth to the start of the last one, in whatever process. More processes than cores share them with the server.",
    rivals: ["bullmq"],
    notes: ["The memory broker has one process only."],
    measures: [1, 2, 4].flatMap((processes) => [
      {
        id: [`processes-${processes}`, "rate"],
        title: `${processes} process${processes === 1 ? "" : "es"}`,
        unit: "jobs/s",
      },
      {
        id: [`processes-${processes}`, "serverCpuUs"],
        title: `CPU time of the server, ${processes} process${processes === 1 ? "" : "es"}`,
        unit: "us/job",
      },
    ]),
  },
};
