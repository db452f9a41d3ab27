import type { Contender } from "./contender.ts";
import { entryOf, loadContender } from "./contenders.ts";
import type { Run } from "./scenario.ts";

const BATCH = 1000;

/** Most bytes of payload in one call: more is no way to use a queue. */
const MOST_BYTES = 4 * 2 ** 20;

/** Schedules `jobs` jobs; returns the contender, which is open still. */
async function schedule(run: Run, jobs: number): Promise<Contender> {
  const contender = await loadContender(run.contender, run.setup);
  await contender.open();
  const size = Math.min(BATCH, Math.ceil(MOST_BYTES / (1 + run.setup.payload.length)));
  for (let first = 0; first < jobs; first += size) {
    await contender.enqueueBatch(first, Math.min(size, jobs - first));
  }
  return contender;
}

/** Schedules `jobs` jobs, and checks that they wait. */
export async function fill(run: Run, jobs: number): Promise<void> {
  const contender = await schedule(run, jobs);
  const waiting = await contender.waiting(run.look);
  await contender.close();
  if (waiting !== jobs) throw new Error(`${waiting} jobs wait, not ${jobs}`);
}

/** A contender whose jobs wait, and which has done nothing else yet if they can outlive it. */
export async function filled(run: Run, jobs: number): Promise<Contender> {
  if (entryOf(run.contender).store === "process") return schedule(run, jobs);
  await fill(run, jobs);
  const contender = await loadContender(run.contender, run.setup);
  await contender.open();
  return contender;
}
