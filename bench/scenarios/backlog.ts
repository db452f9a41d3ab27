/** What one fetch costs with few and with many jobs waiting. */
import { Batch } from "spinach";

import { SpinachContender } from "../contenders/spinach.ts";
import { amount, type Case, type Figures, type Mode, type Run } from "../lib/scenario.ts";
import type { Scenario } from "../lib/scenario.ts";
import { median } from "../lib/statistics.ts";

const SMALL = 1000;
const BATCH = 10_000;
const FETCHED = 10;
const FETCHES = 1000;
const HOUR_MS = 3_600_000;

function cases(mode: Mode): readonly Case[] {
  const large = mode === "full" ? 1_000_000 : 100_000;
  const runs = mode === "full" ? 5 : 2;
  return [
    { id: "backlog-ready", loads: { spinach: { large, future: 0 } }, runs, warmUp: false },
    { id: "backlog-future", loads: { spinach: { large, future: 1 } }, runs, warmUp: false },
  ];
}

async function measure({ port, load }: Run): Promise<Figures> {
  const large = amount(load, "large");
  const isFuture = amount(load, "future") === 1;
  const contender = new SpinachContender(port);
  await contender.enqueueBatch(0, SMALL);
  if (isFuture) await addFuture(contender, SMALL);
  await medianFetchUs(contender);
  const smallUs = await medianFetchUs(contender);
  for (let added = SMALL; added < large; added += BATCH) {
    const count = Math.min(BATCH, large - added);
    await (isFuture ? addFuture(contender, count) : contender.enqueueBatch(0, count));
  }
  const largeUs = await medianFetchUs(contender);
  await contender.close();
  return { smallUs, largeUs, ratio: largeUs / smallUs };
}

async function addFuture({ engine }: SpinachContender, count: number): Promise<void> {
  const batch = new Batch();
  const from = Date.now() + HOUR_MS;
  for (let index = 0; index < count; index += 1) {
    batch.scheduleAt("noop", new Date(from + index), index);
  }
  await engine.scheduleBatch(batch);
}

/** Settles and fetches again and again; jobs that were taken are replaced while the clock stands. */
async function medianFetchUs(contender: SpinachContender): Promise<number> {
  const queues = ["spinach"];
  const timesUs: number[] = [];
  let { jobs } = await contender.broker.exchange({ outcomes: [], queues, max: FETCHED });
  while (timesUs.length < FETCHES) {
    await contender.enqueueBatch(0, FETCHED);
    const outcomes = jobs.map((stored) => ({ kind: "succeeded", stored }) as const);
    const startMs = performance.now();
    ({ jobs } = await contender.broker.exchange({ outcomes, queues, max: FETCHED }));
    timesUs.push(1000 * (performance.now() - startMs));
    if (jobs.length !== FETCHED) throw new Error(`a fetch brought ${jobs.length} jobs`);
  }
  const outcomes = jobs.map((stored) => ({ kind: "succeeded", stored }) as const);
  await contender.broker.exchange({ outcomes, queues, max: 0 });
  await contender.enqueueBatch(0, FETCHED);
  return median(timesUs);
}

export const scenario: Scenario = { cases, measure };
