/** How long after a job is scheduled it starts, on a worker that waits for jobs. */
import { setTimeout as sleep } from "node:timers/promises";

import type { Contender } from "../lib/contender.ts";
import { loadContender } from "../lib/contenders.ts";
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

const CONCURRENCY = 10;

/** Between two jobs: 10 ms, give or take up to half of it, so that no timer falls in step with them. */
const PAUSE_MS = 10;
const JITTER = 0.5;

/** Jobs before the first that counts: the code is compiled then. */
const WARM_JOBS = 50;

const MISSED =
  "A profile of one job, by timestamps (median of 450, 0.42 ms in all): 43 us to make it (id, checks, JSON), 77 us until both calls are with the " +
  "client, its trip and the fetch behind it, 25 us until the client writes them at the end of the turn, 200 us for the sockets, two scripts and two " +
  "wake-ups, 35 us to read the reply, 40 us to start the task. It is code that has not run for 10 ms: schedule() called one after the other takes 0.09 ms, trip included. " +
  "Tried and kept: the fetch right behind the job, one round trip instead of two (1.80 to 1.45 ms on a slower machine, floor 1.07), and no timer that the " +
  "client makes for each call (up to 0.1 ms there). Tried and not kept: no deadline of the arbiter beside that of the connection (37 us in one series, nothing " +
  "in the next). bee-queue, whose worker waits inside a blocking command for one key, is faster here.";

function cases(mode: Mode): readonly Case[] {
  const jobs = mode === "full" ? 1000 : 60;
  const few = { jobs: mode === "full" ? 200 : 60 };
  return [
    {
      id: "latency",
      loads: {
        ...sameLoads(["spinach", "bullmq", "floor"], { jobs }),
        ...sameLoads(["bee-queue", "platformatic", "graphile-worker", "pg-boss"], few),
      },
      runs: mode === "full" ? 5 : 1,
      // Each run has jobs of its own to warm up.
      warmUp: false,
    },
  ];
}

async function measure({ contender: name, setup, look, load }: Run): Promise<Figures> {
  const jobs = WARM_JOBS + amount(load, "jobs");
  const contender = await loadContender(name, setup);
  const tally = new Tally(jobs);
  const scheduledMs = new Float64Array(jobs);
  const latenciesMs = new Float64Array(jobs);
  await contender.open();
  await contender.startWorkers(CONCURRENCY, (index) => {
    latenciesMs[index] = performance.now() - (scheduledMs[index] ?? 0);
    tally.note(index);
  });
  await schedule(contender, scheduledMs);
  await tally.done;
  await contender.close();
  tally.expectEachOnce();
  const left = await contender.left(look);
  if (left > 0) throw new Error(`jobs were left behind: ${left} at least`);
  const counted = [...latenciesMs.subarray(WARM_JOBS)];
  return {
    p50: percentile(counted, 0.5),
    p99: percentile(counted, 0.99),
    // Of fewer it would be the longest.
    ...(counted.length < 1000 ? {} : { p999: percentile(counted, 0.999) }),
  };
}

/** Open loop: a slow job does not hold back those after it. */
async function schedule(contender: Contender, scheduledMs: Float64Array): Promise<void> {
  const calls: Array<Promise<void>> = [];
  for (const index of scheduledMs.keys()) {
    await sleep(PAUSE_MS * (1 + JITTER * (2 * Math.random() - 1)));
    scheduledMs[index] = performance.now();
    calls.push(contender.enqueueOne(index));
  }
  await Promise.all(calls);
}

export const scenario: Scenario = {
  cases,
  measure,
  chapter: {
    title: "From the call to the start, on an idle worker",
    text:
      "One job each 10 ms, give or take 5 ms, whether or not the one before has started. The same process schedules " +
      "and works, so one clock tells both times. A process that stands idle sends its fetch right behind its own job, so Spinach " +
      "takes one round trip here; a job from another process takes two, as the floor does: `RPUSH` and `PUBLISH`, then the " +
      "script of a trip.",
    measures: [
      {
        id: ["latency", "p50"],
        title: "p50",
        unit: "ms",
        budget: { most: 0.35, where: { bullmq: 0.63, floor: 0.24 } },
        missed: MISSED,
      },
      {
        id: ["latency", "p99"],
        title: "p99",
        unit: "ms",
        budget: { most: 2, where: { bullmq: 2.5, floor: 1.6 } },
        missed: MISSED,
      },
      { id: ["latency", "p999"], title: "p99.9", unit: "ms" },
    ],
  },
};
