/** How fast jobs are scheduled: in batches, and one by one with many calls in flight. */
import { type Contender, loadContender } from "../lib/contender.ts";
import {
  amount,
  type Case,
  type Figures,
  type Load,
  type Mode,
  type Run,
  type Scenario,
} from "../lib/scenario.ts";

/** Thousands of jobs of a full run: about 2 s of work. A quick run has a tenth. */
const THOUSANDS = {
  batch: { spinach: 600, bullmq: 50, floor: 800 },
  single: { spinach: 250, bullmq: 40 },
} as const;

const BATCH = 1000;
const IN_FLIGHT = 256;

/** The clock starts after this part of the jobs: the code is compiled then. */
const WARM_PART = 0.1;

function cases(mode: Mode): readonly Case[] {
  const scale = mode === "full" ? 1000 : 100;
  const common = { runs: mode === "full" ? 5 : 2, warmUp: true };
  const load = (thousands: number, perCall: number): Load => ({ jobs: thousands * scale, perCall });
  const { batch, single } = THOUSANDS;
  return [
    {
      id: "enqueue-batch",
      loads: {
        spinach: load(batch.spinach, BATCH),
        bullmq: load(batch.bullmq, BATCH),
        floor: load(batch.floor, BATCH),
      },
      ...common,
    },
    {
      // No floor: calls that are under way together may share a command.
      id: "enqueue-single",
      loads: { spinach: load(single.spinach, 1), bullmq: load(single.bullmq, 1) },
      ...common,
    },
  ];
}

async function measure({ contender: name, port, probe, load }: Run): Promise<Figures> {
  const jobs = amount(load, "jobs");
  const enqueue = amount(load, "perCall") === 1 ? enqueueSingles : enqueueBatches;
  const contender = await loadContender(name, port);
  await contender.open();
  const warm = Math.ceil((jobs * WARM_PART) / BATCH) * BATCH;
  await enqueue(contender, 0, warm);
  const startMs = performance.now();
  await enqueue(contender, warm, jobs);
  const seconds = (performance.now() - startMs) / 1000;
  const waiting = await probe.length(contender.queueKey);
  if (waiting !== jobs) throw new Error(`${waiting} jobs wait, not ${jobs}`);
  await contender.close();
  return { rate: (jobs - warm) / seconds };
}

async function enqueueBatches(contender: Contender, from: number, to: number): Promise<void> {
  for (let first = from; first < to; first += BATCH) {
    await contender.enqueueBatch(first, Math.min(BATCH, to - first));
  }
}

async function enqueueSingles(contender: Contender, from: number, to: number): Promise<void> {
  let next = from;
  const lane = async (): Promise<void> => {
    while (next < to) {
      next += 1;
      await contender.enqueueOne(next - 1);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
}

export const scenario: Scenario = { cases, measure };
