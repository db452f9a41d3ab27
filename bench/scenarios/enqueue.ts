/** How fast jobs are scheduled: in batches, one by one with many calls in flight, and one after the other. */
import { type Contender } from "../lib/contender.ts";
import { loadContender } from "../lib/contenders.ts";
import {
  amount,
  type Case,
  type Figures,
  loadsOf,
  type Mode,
  type Run,
  type Scenario,
  usualRuns,
} from "../lib/scenario.ts";

/** Thousands of jobs of a full run: about 1 s of work. A quick run has a twentieth, since it counts whole batches. */
const THOUSANDS = {
  // Not platformatic: it has no call for many.
  batch: {
    spinach: 600,
    bullmq: 50,
    "bee-queue": 80,
    "graphile-worker": 40,
    "pg-boss": 30,
    floor: 800,
  },
  // No floor: calls that are under way together may share a command.
  "in-flight": {
    spinach: 300,
    bullmq: 60,
    "bee-queue": 60,
    platformatic: 40,
    "graphile-worker": 10,
    "pg-boss": 8,
  },
  one: {
    spinach: 8,
    bullmq: 5,
    "bee-queue": 7,
    platformatic: 3,
    "graphile-worker": 3,
    "pg-boss": 3,
    floor: 12,
  },
} as const;

const BATCH = 1000;
const LANES = { "in-flight": 256, one: 1 } as const;

/** The clock starts after this part of the jobs: the code is compiled then. */
const WARM_PART = 0.1;

function cases(mode: Mode): readonly Case[] {
  const scale = mode === "full" ? 1000 : 50;
  const all = ["batch", "in-flight", "one"] as const;
  return (mode === "full" ? all : (["batch"] as const)).map((how) => {
    // No lanes: batches, one call after the other.
    const lanes = how === "batch" ? 0 : LANES[how];
    return {
      id: `enqueue-${how}`,
      loads: loadsOf(THOUSANDS[how], scale, { lanes }),
      ...usualRuns(mode),
    };
  });
}

async function measure({ contender: name, setup, look, load }: Run): Promise<Figures> {
  const jobs = amount(load, "jobs");
  const lanes = amount(load, "lanes");
  const contender = await loadContender(name, setup);
  await contender.open();
  const step = lanes === 0 ? BATCH : 1;
  const warm = Math.ceil((jobs * WARM_PART) / step) * step;
  const enqueue = async (from: number, to: number): Promise<void> =>
    lanes === 0
      ? enqueueBatches(contender, from, to)
      : enqueueSingles(contender, lanes, { from, to });
  await enqueue(0, warm);
  const startMs = performance.now();
  await enqueue(warm, jobs);
  const seconds = (performance.now() - startMs) / 1000;
  const waiting = await contender.waiting(look);
  if (waiting !== jobs) throw new Error(`${waiting} jobs wait, not ${jobs}`);
  await contender.close();
  return { rate: (jobs - warm) / seconds };
}

async function enqueueBatches(contender: Contender, from: number, to: number): Promise<void> {
  for (let first = from; first < to; first += BATCH) {
    await contender.enqueueBatch(first, Math.min(BATCH, to - first));
  }
}

async function enqueueSingles(
  contender: Contender,
  lanes: number,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<void> {
  let next = from;
  const lane = async (): Promise<void> => {
    while (next < to) {
      next += 1;
      await contender.enqueueOne(next - 1);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

export const scenario: Scenario = {
  cases,
  measure,
  chapter: {
    title: "Scheduling",
    text:
      "Batches of 1,000 jobs, one call after the other (`scheduleBatch`, `addBulk`, `RPUSH`); 256 calls for one " +
      "job each in flight (`schedule`, `add`); and such calls one after the other. The clock starts after the first tenth.",
    notes: [
      "platformatic has no call for many jobs.",
      "No floor for calls in flight: those that are under way together may share a command.",
    ],
    measures: [
      {
        id: ["enqueue-batch", "rate"],
        title: "batches of 1,000",
        unit: "jobs/s",
        budget: { ratios: { bullmq: 10 } },
      },
      {
        id: ["enqueue-in-flight", "rate"],
        title: "256 calls in flight",
        unit: "jobs/s",
        budget: { ratios: { bullmq: 5 } },
      },
      { id: ["enqueue-one", "rate"], title: "one call after the other", unit: "jobs/s" },
    ],
  },
};
