/** The producer of a chaos run: schedules jobs at a rate until SIGTERM, then ends by itself. */
import { setTimeout as sleep } from "node:timers/promises";

import { Batch, BrokerError, type Engine, type Job, Tasks } from "spinach";

import { seededRandom } from "../../../src/testing/seeded-random.ts";
import { type Intention, openJournal } from "../journal.ts";
import { type JobPlan, LOAD_NAMES, loadTask, PAYLOAD } from "../load.ts";
import { childEngine, childRequest } from "./child.ts";

/** A turn of the producer, in ms. */
const TURN_MS = 50;

/** Most calls under way: Redis may be away for seconds. */
const MAX_UNDER_WAY = 1000;

/** Part of the jobs that end their thread, where they have one. */
const DYING = 0.001;

/** One job to come. */
interface Planned {
  readonly intention: Intention;
  readonly plan: JobPlan;
}

const request = childRequest();
const note = openJournal();
const random = seededRandom(request.seed);
const { spin } = childEngine(request, note);
const tasks = new Tasks();
for (const name of LOAD_NAMES) tasks.declare(name, { maxRetries: loadTask(name)?.maxRetries });
spin.attachTasks(tasks);

let count = 0;
let underWay = 0;
let isStopping = false;

function between([least, most]: readonly [number, number]): number {
  return Math.round(least + (most - least) * random());
}

function pickTask(): string {
  let left = random() * LOAD_NAMES.reduce((sum, name) => sum + (loadTask(name)?.share ?? 0), 0);
  return LOAD_NAMES.find((name) => (left -= loadTask(name)?.share ?? 0) < 0) ?? "once";
}

function planned(): Planned {
  const task = pickTask();
  const { failing = 0, aborting = 0, lasts, maxRetries } = loadTask(task) ?? { lasts: [0, 0] };
  const throws = random() < failing ? Math.ceil(random() * ((maxRetries ?? 0) + 1)) : 0;
  const plan = {
    lastsMs: between(lasts),
    throws: Math.min(throws, 3),
    aborts: random() < aborting,
    dies: random() < DYING && request.workers !== "async",
  };
  const later = random() < 0.1 ? { notBeforeMs: Date.now() + between([50, 4000]) } : {};
  count += 1;
  return { intention: { key: `${request.seed}-${count}`, task, ...later }, plan };
}

async function scheduleOne({ intention, plan }: Planned, engine: Engine): Promise<readonly Job[]> {
  const { key, task, notBeforeMs } = intention;
  const args = [key, plan, PAYLOAD];
  if (notBeforeMs === undefined) return [await engine.schedule(task, ...args)];
  return [await engine.scheduleAt(task, new Date(notBeforeMs), ...args)];
}

async function scheduleAll(all: readonly Planned[], engine: Engine): Promise<readonly Job[]> {
  const batch = new Batch();
  for (const { intention, plan } of all) {
    const { key, task, notBeforeMs } = intention;
    if (notBeforeMs === undefined) batch.schedule(task, key, plan, PAYLOAD);
    else batch.scheduleAt(task, new Date(notBeforeMs), key, plan, PAYLOAD);
  }
  return engine.scheduleBatch(batch);
}

async function schedule(all: readonly Planned[]): Promise<void> {
  const [first] = all;
  if (first === undefined) return;
  const keys = all.map(({ intention }) => intention.key);
  note({ event: "intend", jobs: all.map(({ intention }) => intention) });
  underWay += 1;
  try {
    const jobs = await (all.length === 1 ? scheduleOne(first, spin) : scheduleAll(all, spin));
    note({ event: "acknowledged", keys, ids: jobs.map(({ id }) => id) });
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    note({ event: "refused", keys, why: error.message });
  } finally {
    underWay -= 1;
  }
}

process.once("SIGTERM", () => {
  isStopping = true;
});
console.log("ready");
while (!isStopping) {
  let due = Math.round((request.rate * TURN_MS) / 1000);
  while (due > 0 && underWay < MAX_UNDER_WAY) {
    const size = random() < 0.1 ? Math.min(due, 2 + Math.floor(random() * 30)) : 1;
    void schedule(Array.from({ length: size }, planned));
    due -= size;
  }
  await sleep(TURN_MS);
}
while (underWay > 0) await sleep(10);
await spin.close();
