import type { Contender } from "./contender.ts";
import { filled } from "./fill.ts";
import { amount, type Figures, type Run } from "./scenario.ts";
import { Tally } from "./tally.ts";

/** The clock starts when this part of the jobs has started: connections stand, the code is compiled. */
const WARM_PART = 0.1;

/** Schedules `jobs` jobs, then runs them, `concurrency` at once; each does `work`. */
export async function processJobs(run: Run, work?: () => Promise<void>): Promise<Figures> {
  const { look, load } = run;
  const jobs = amount(load, "jobs");
  const contender = await filled(run, jobs);
  const cpuBefore = await look.serverCpuUs();
  const clock = await runAll(contender, { jobs, concurrency: amount(load, "concurrency"), work });
  const cpuAfter = await look.serverCpuUs();
  const left = await contender.left(look);
  if (left > 0) throw new Error(`jobs were left behind: ${left} at least`);
  if (cpuBefore === undefined || cpuAfter === undefined) return clock;
  return { ...clock, serverCpuUs: (cpuAfter - cpuBefore) / jobs };
}

interface Task {
  readonly jobs: number;
  readonly concurrency: number;
  readonly work: (() => Promise<void>) | undefined;
}

/** Resolves when the contender has settled every job. */
async function runAll(contender: Contender, { jobs, concurrency, work }: Task): Promise<Figures> {
  const warm = Math.ceil(jobs * WARM_PART);
  const tally = new Tally(jobs);
  let startMs = 0;
  let cpu = process.cpuUsage();
  await contender.startWorkers(concurrency, (index) => {
    tally.note(index);
    if (tally.ran === warm) {
      startMs = performance.now();
      cpu = process.cpuUsage();
    }
    return work?.();
  });
  await tally.done;
  const seconds = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  await contender.close();
  tally.expectEachOnce();
  return { rate: (jobs - warm) / seconds, clientCpuUs: (user + system) / (jobs - warm) };
}
