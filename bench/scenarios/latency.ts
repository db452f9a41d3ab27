/** How long after a job is scheduled it starts, on a worker that waits for jobs. */
import { setTimeout as sleep } from "node:timers/promises";

import type { Contender } from "../lib/contender.ts";
import { type ContenderName, loadContender } from "../lib/contenders.ts";
import {
  amount,
  type Case,
  type Figures,
  type Mode,
  type Run,
  sameLoads,
  type Scenario,
} from "../lib/scenario.ts";
import { percentile } from "../lib/statistics.ts";
import { Tally } from "../lib/tally.ts";
import { WorkerPool } from "../lib/worker-pool.ts";

const CONCURRENCY = 10;

/** Between two jobs: 10 ms, give or take up to half of it, so that no timer falls in step with them. */
const PAUSE_MS = 10;
const JITTER = 0.5;

/** Jobs before the first that counts: the code is compiled then. */
const WARM_JOBS = 50;

const MISSED =
  "It depends on the state of the machine: on this one the floor's median went from 0.19 to 0.49 ms within an hour, and ours from 0.23 to 0.66. " +
  "Of a lone job's time (median of 550, by timestamps) 28 % goes to making the job and its call, 6 % until the client writes it at the end of the " +
  "turn, 46 % to the sockets, the script and two wake-ups, 7 % to reading the reply, 13 % to starting the task. It is code that has not run for " +
  "10 ms. Tried and kept: the job is taken in the call that schedules it (0.44 to 0.23 ms in turn), one timer for all deadlines. Tried and not kept: " +
  "an event loop that stays awake for the reply, which was slower, since Redis is often on the same core. bee-queue, whose worker waits inside a " +
  "blocking command for one key, is faster in slow states. A job from another " +
  "process has two such trips, each with cold code on both sides: there the floor takes half of our time.";

/** Who takes part, and who is given fewer jobs. */
const MANY: readonly ContenderName[] = ["spinach", "bullmq", "floor"];
const FEW: readonly ContenderName[] = ["bee-queue", "platformatic", "graphile-worker", "pg-boss"];

function cases(mode: Mode): readonly Case[] {
  const casesOf = (id: string, jobs: number, apart: number): Case => ({
    id,
    loads: {
      ...sameLoads(MANY, { jobs: mode === "full" ? jobs : 60, apart }),
      ...sameLoads(FEW, { jobs: mode === "full" ? 200 : 60, apart }),
    },
    runs: mode === "full" ? 5 : 1,
    // Each run has jobs of its own to warm up.
    warmUp: false,
  });
  return [casesOf("latency", 1000, 0), casesOf("latency-apart", 500, 1)];
}

async function measure(run: Run): Promise<Figures> {
  const { contender: name, setup, look, load } = run;
  const jobs = WARM_JOBS + amount(load, "jobs");
  const contender = await loadContender(name, setup);
  await contender.open();
  const apart = amount(load, "apart") === 1;
  const timesMs = await (apart ? timesApart(run, contender, jobs) : timesHere(contender, jobs));
  await contender.close();
  const left = await contender.left(look);
  if (left > 0) throw new Error(`jobs were left behind: ${left} at least`);
  const counted = [...timesMs.subarray(WARM_JOBS)];
  return {
    p50: percentile(counted, 0.5),
    p99: percentile(counted, 0.99),
    // Of fewer it would be the longest.
    ...(counted.length < 1000 ? {} : { p999: percentile(counted, 0.999) }),
  };
}

/** This process works as well. Returns the time of each job from its call to its start, in ms. */
async function timesHere(contender: Contender, jobs: number): Promise<Float64Array> {
  const tally = new Tally(jobs);
  const startedMs = new Float64Array(jobs);
  await contender.startWorkers(CONCURRENCY, (index) => {
    startedMs[index] = performance.now();
    tally.note(index);
  });
  const scheduledMs = await schedule(contender, jobs);
  await tally.done;
  tally.expectEachOnce();
  return startedMs.map((ms, index) => ms - (scheduledMs[index] ?? 0));
}

/** Another process works; the two clocks agree to some microseconds. */
async function timesApart(
  { contender: name, setup }: Run,
  contender: Contender,
  jobs: number,
): Promise<Float64Array> {
  const pool = new WorkerPool([{ contender: name, setup, concurrency: CONCURRENCY }]);
  await pool.ready();
  const scheduledMs = await schedule(contender, jobs);
  await pool.ran(jobs);
  const startedMs = new Float64Array(jobs);
  for (const { indices, timesMs } of await pool.stop()) {
    if (new Set(indices).size !== jobs) throw new Error("a job ran twice, or not at all");
    for (const [at, index] of indices.entries()) startedMs[index] = timesMs[at] ?? 0;
  }
  return startedMs.map((ms, index) => ms - performance.timeOrigin - (scheduledMs[index] ?? 0));
}

/** Open loop: a slow job does not hold back those after it. Returns when each call was made. */
async function schedule(contender: Contender, jobs: number): Promise<Float64Array> {
  const scheduledMs = new Float64Array(jobs);
  const calls: Array<Promise<void>> = [];
  for (const index of scheduledMs.keys()) {
    await sleep(PAUSE_MS * (1 + JITTER * (2 * Math.random() - 1)));
    scheduledMs[index] = performance.now();
    calls.push(contender.enqueueOne(index));
  }
  await Promise.all(calls);
  return scheduledMs;
}

export const scenario: Scenario = {
  cases,
  measure,
  chapter: {
    title: "From the call to the start, on an idle worker",
    text:
      "One job each 10 ms, give or take 5 ms, whether or not the one before has started. Where the same process schedules " +
      "and works, Spinach takes the job in the call that schedules it: one round trip. Where another process works it takes two, " +
      "as the floor always does: `RPUSH` and `PUBLISH`, then the script of a trip. What is measured is code that has not run for " +
      "10 ms, and it depends on the state of the machine: within an hour the floor's median went from 0.19 to 0.49 ms, and ours " +
      "from 0.23 to 0.66. In slow states bee-queue, whose worker waits inside a blocking command for one key, is faster.",
    measures: [
      {
        id: ["latency", "p50"],
        title: "same process, p50",
        unit: "ms",
        budget: { most: 0.35, where: { bullmq: 0.63, floor: 0.24 } },
        missed: MISSED,
      },
      {
        id: ["latency", "p99"],
        title: "same process, p99",
        unit: "ms",
        budget: { most: 2, where: { bullmq: 2.5, floor: 1.6 } },
        missed: MISSED,
      },
      { id: ["latency", "p999"], title: "same process, p99.9", unit: "ms" },
      { id: ["latency-apart", "p50"], title: "another process, p50", unit: "ms" },
      { id: ["latency-apart", "p99"], title: "another process, p99", unit: "ms" },
    ],
  },
};
