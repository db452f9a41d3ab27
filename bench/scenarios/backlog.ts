/** What one fetch costs with few and with many jobs waiting. */
import { Batch, Tasks } from "spinach";

import type { OwnEngine } from "../contenders/own-engine.ts";
import { create } from "../contenders/spinach.ts";
import type { Measure } from "../lib/chapter.ts";
import {
  amount,
  type Case,
  type Figures,
  type Mode,
  type Run,
  type Scenario,
} from "../lib/scenario.ts";
import { median } from "../lib/statistics.ts";

const SMALL = 1000;
const BATCH = 10_000;
const FETCHED = 10;

/** Before the first that counts: else the few would pay for code that is compiled when the many come. */
const WARM_FETCHES = { full: 3000, quick: 100 } as const;

const HOUR_MS = 3_600_000;
const QUEUES = ["spinach"];

/** Which jobs wait: ready ones, those of the future, or those of a task that is at its limit. */
const KINDS = ["ready", "future", "limited"] as const;

function cases(mode: Mode): readonly Case[] {
  const large = mode === "full" ? 1_000_000 : 20_000;
  const fetches = mode === "full" ? 1000 : 100;
  const warmFetches = WARM_FETCHES[mode];
  const runs = mode === "full" ? 5 : 1;
  return KINDS.map((name, kind) => {
    // Each run compares two figures of one process, which has warmed up before the first.
    return {
      id: `backlog-${name}`,
      loads: { spinach: { large, kind, fetches, warmFetches } },
      runs,
      warmUp: false,
    };
  });
}

async function measure({ setup, load }: Run): Promise<Figures> {
  const large = amount(load, "large");
  const fetches = amount(load, "fetches");
  const add = ADD[KINDS[amount(load, "kind")] ?? "ready"];
  const contender = create(setup);
  contender.engine.attachTasks(LIMITED_TASKS);
  await contender.broker.start();
  await contender.broker.register([LIMITED]);
  await add(contender, SMALL);
  await medianFetchUs(contender, amount(load, "warmFetches"));
  const smallUs = await medianFetchUs(contender, fetches);
  for (let added = SMALL; added < large; added += BATCH) {
    await add(contender, Math.min(BATCH, large - added));
  }
  const largeUs = await medianFetchUs(contender, fetches);
  await contender.close();
  return { smallUs, largeUs, ratio: largeUs / smallUs };
}

/** Stated to the broker whatever the kind, so that a fetch does the same work in each. */
const LIMITED = {
  name: "limited",
  queue: "spinach",
  maxRetries: 1,
  periodicityMs: undefined,
  maxConcurrency: 1,
  timeoutMs: undefined,
  requiredArgs: 1,
  fn: undefined,
  module: undefined,
};

const LIMITED_TASKS = new Tasks();
LIMITED_TASKS.declare<[number]>(LIMITED.name, { maxRetries: LIMITED.maxRetries });

const ADD = { ready: addReady, future: addFuture, limited: addLimited };

async function addReady(contender: OwnEngine, count: number): Promise<void> {
  await contender.enqueueBatch(0, count);
}

async function addFuture({ engine }: OwnEngine, count: number): Promise<void> {
  const batch = new Batch();
  const from = Date.now() + HOUR_MS;
  for (let index = 0; index < count; index += 1) {
    batch.scheduleAt("noop", new Date(from + index), index);
  }
  await engine.scheduleBatch(batch);
}

/** One of them runs from the first call on and never ends; fetches find the others behind the limit. */
async function addLimited({ engine, broker }: OwnEngine, count: number): Promise<void> {
  const batch = new Batch();
  for (let index = 0; index < count; index += 1) batch.schedule("limited", index);
  await engine.scheduleBatch(batch);
  let more = true;
  while (more) ({ more } = await broker.exchange({ outcomes: [], queues: QUEUES, max: FETCHED }));
}

/** Settles and fetches again and again; jobs that were taken are replaced while the clock stands. */
async function medianFetchUs(contender: OwnEngine, fetches: number): Promise<number> {
  const timesUs: number[] = [];
  await contender.enqueueBatch(0, FETCHED);
  let { jobs } = await contender.broker.exchange({ outcomes: [], queues: QUEUES, max: FETCHED });
  while (timesUs.length < fetches) {
    await contender.enqueueBatch(0, FETCHED);
    const outcomes = jobs.map((stored) => ({ kind: "succeeded", stored }) as const);
    const startMs = performance.now();
    ({ jobs } = await contender.broker.exchange({ outcomes, queues: QUEUES, max: FETCHED }));
    timesUs.push(1000 * (performance.now() - startMs));
    if (jobs.length !== FETCHED) throw new Error(`a fetch brought ${jobs.length} jobs`);
  }
  const outcomes = jobs.map((stored) => ({ kind: "succeeded", stored }) as const);
  await contender.broker.exchange({ outcomes, queues: QUEUES, max: 0 });
  return median(timesUs);
}

export const scenario: Scenario = {
  cases,
  measure,
  chapter: {
    title: "A fetch with 1,000 and with 1,000,000 jobs waiting",
    text:
      "The median of 1,000 calls of the broker's `exchange` that settle 10 jobs and take 10, while ready jobs, jobs " +
      "of the future, or jobs of a task at its limit wait. Both figures of a pair come from one process.",
    rivals: [],
    notes: [
      "The peers are not measured: none has a call that settles jobs and takes others. Nor is the floor: a list is all it has.",
    ],
    measures: KINDS.flatMap((kind): readonly Measure[] => [
      { id: [`backlog-${kind}`, "smallUs"], title: `1,000 ${kind}`, unit: "us/fetch" },
      { id: [`backlog-${kind}`, "largeUs"], title: `1,000,000 ${kind}`, unit: "us/fetch" },
      {
        id: [`backlog-${kind}`, "ratio"],
        title: `growth, ${kind}`,
        unit: "times",
        budget: { most: 1.2 },
      },
    ]),
  },
};
