/** How fast jobs run on threads, and what they leave of the main thread's event loop. */
import { monitorEventLoopDelay } from "node:perf_hooks";

import { type JobPool, loadPool } from "../lib/job-pool.ts";
import {
  amount,
  type Case,
  type Figures,
  type Mode,
  type Run,
  type Scenario,
} from "../lib/scenario.ts";
import { percentile } from "../lib/statistics.ts";

const THREADS = 2;

/** The clock starts when this part of the jobs has ended: threads are up, the code is compiled. */
const WARM_PART = 0.2;

const KIND = { noop: 0, roundTrip: 1, burn: 2, waiting: 3 } as const;

/** Some 20 ms of work. */
const ROUNDS = 1_000_000;

const MISSED =
  "It changes with the machine more than with the code: with how long it takes to wake a thread whose core sleeps, and with where the kernel puts the " +
  "threads. On one machine the same code did 93,000 to 118,000 jobs/s and 88 us, on another one 309,000 jobs/s and 21 us. What was tried is in " +
  "docs/design.md, under Queuey.";

function cases(mode: Mode): readonly Case[] {
  const scale = mode === "full" ? 10 : 1;
  const common = { runs: mode === "full" ? 5 : 1, warmUp: mode === "full" };
  const noop = (jobs: number) => ({ kind: KIND.noop, jobs: jobs * scale, threads: THREADS });
  const trips = { kind: KIND.roundTrip, jobs: 1000 * scale, threads: 1 };
  const burn = { kind: KIND.burn, jobs: mode === "full" ? 300 : 12, threads: THREADS };
  return [
    {
      id: "threads-noop",
      loads: {
        "spinach-threads": noop(40_000),
        piscina: noop(5000),
        "piscina-10": noop(15_000),
        tinypool: noop(5000),
      },
      ...common,
    },
    {
      id: "threads-waiting",
      loads: { "spinach-threads": { ...noop(40_000), kind: KIND.waiting } },
      ...common,
    },
    {
      id: "threads-trip",
      loads: { "spinach-threads": trips, piscina: trips, tinypool: trips },
      ...common,
    },
    {
      id: "threads-burn",
      loads: { "spinach-threads": burn, loop: burn, piscina: burn },
      ...common,
    },
  ];
}

async function measure({ contender, load }: Run): Promise<Figures> {
  const pool = await loadPool(contender, amount(load, "threads"));
  const jobs = amount(load, "jobs");
  try {
    if (amount(load, "kind") === KIND.waiting) return await waiting(pool, jobs);
    await pool.open();
    switch (amount(load, "kind")) {
      case KIND.noop:
        return await rate((onJob) => pool.runAll({ name: "noop" }, jobs, onJob), jobs);
      case KIND.roundTrip:
        return await roundTrips((index) => pool.runOne(index), jobs);
      default:
        return await burning(
          (onJob) => pool.runAll({ name: "burn", argument: ROUNDS }, jobs, onJob),
          jobs,
        );
    }
  } finally {
    await pool.close();
  }
}

/** The jobs are there before the threads. */
async function waiting(pool: JobPool, jobs: number): Promise<Figures> {
  return rate(async (onJob) => {
    const ended = await pool.fill?.(jobs, onJob);
    await pool.open();
    await ended?.();
  }, jobs);
}

async function rate(
  runAll: (onJob: () => void) => Promise<void>,
  jobs: number,
): Promise<{ readonly rate: number }> {
  const warm = Math.ceil(jobs * WARM_PART);
  let ended = 0;
  let startMs = 0;
  await runAll(() => {
    ended += 1;
    if (ended === warm) startMs = performance.now();
  });
  if (ended !== jobs) throw new Error(`${ended} of ${jobs} jobs ended`);
  return { rate: (jobs - warm) / ((performance.now() - startMs) / 1000) };
}

async function roundTrips(
  runOne: (index: number) => Promise<void>,
  jobs: number,
): Promise<Figures> {
  const timesUs: number[] = [];
  for (let index = 0; index < jobs; index += 1) {
    const startMs = performance.now();
    await runOne(index);
    timesUs.push((performance.now() - startMs) * 1000);
  }
  const counted = timesUs.slice(Math.ceil(jobs * WARM_PART));
  return { p50: percentile(counted, 0.5), p99: percentile(counted, 0.99) };
}

async function burning(
  runAll: (onJob: () => void) => Promise<void>,
  jobs: number,
): Promise<Figures> {
  const resolutionMs = 1;
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  const figures = await rate(runAll, jobs);
  delay.disable();
  // It counts the time between two looks, the wait itself included.
  return { ...figures, delayP99: delay.percentile(99) / 1e6 - resolutionMs };
}

export const scenario: Scenario = {
  cases,
  measure,
  chapter: {
    title: "Jobs on threads",
    text:
      "No-op jobs on two threads, one at a time on each but where it says otherwise; one no-op job to one thread and " +
      "back, nothing else running; and jobs of some 20 ms of work for the CPU, with the delay of the main thread's event " +
      "loop meanwhile. Spinach is the whole engine with a broker in memory: a job is scheduled, taken, run and settled. " +
      "The others are pools, whose jobs are calls: for them nothing can wait already. The event loop is Spinach with `AsyncWorkers`, without threads.",
    own: "spinach-threads",
    rivals: ["piscina", "piscina-10", "tinypool"],
    measures: [
      { id: ["threads-noop", "rate"], title: "no-op jobs", unit: "jobs/s" },
      {
        id: ["threads-waiting", "rate"],
        title: "no-op jobs that wait already",
        unit: "jobs/s",
        budget: { least: 150_000 },
        missed: MISSED,
      },
      {
        id: ["threads-trip", "p50"],
        title: "one job and back, p50",
        unit: "us",
        budget: { most: 65, where: { piscina: 98 } },
        missed: MISSED,
      },
      { id: ["threads-trip", "p99"], title: "one job and back, p99", unit: "us" },
      {
        id: ["threads-burn", "rate"],
        title: "CPU-bound jobs",
        unit: "jobs/s",
        budget: { ratios: { loop: 1.8 } },
      },
      {
        id: ["threads-burn", "delayP99"],
        title: "delay of the main event loop, p99",
        unit: "ms",
        budget: { most: 20 },
      },
    ],
  },
};
