/** How fast jobs are processed that wait already, and what a job costs in CPU time. */
import { type Contender, loadContender } from "../lib/contender.ts";
import {
  amount,
  type Case,
  type Figures,
  type Mode,
  type Run,
  type Scenario,
} from "../lib/scenario.ts";
import { Tally } from "../lib/tally.ts";

/** Thousands of jobs of a full run: about 2 s of work. A quick run has a tenth. */
const THOUSANDS = {
  1: { spinach: 18, bullmq: 9, floor: 18 },
  10: { spinach: 108, bullmq: 30, floor: 120 },
  256: { spinach: 300, bullmq: 36, floor: 480 },
} as const;

const BATCH = 1000;

/** The clock starts when this part of the jobs has started: connections stand, the code is compiled. */
const WARM_PART = 0.1;

function cases(mode: Mode): readonly Case[] {
  const scale = mode === "full" ? 1000 : 100;
  return ([1, 10, 256] as const).map((concurrency) => {
    const { spinach, bullmq, floor } = THOUSANDS[concurrency];
    return {
      id: `process-${concurrency}`,
      loads: {
        spinach: { jobs: spinach * scale, concurrency },
        bullmq: { jobs: bullmq * scale, concurrency },
        floor: { jobs: floor * scale, concurrency },
      },
      runs: mode === "full" ? 5 : 2,
      warmUp: true,
    };
  });
}

async function measure({ contender: name, port, probe, load }: Run): Promise<Figures> {
  const jobs = amount(load, "jobs");
  await fill(await loadContender(name, port), jobs);
  const contender = await loadContender(name, port);
  await contender.open();
  const cpuBefore = await probe.serverCpuUs();
  const clock = await runAll(contender, jobs, amount(load, "concurrency"));
  const serverCpuUs = (await probe.serverCpuUs()) - cpuBefore;
  await probe.expectNone(contender.jobKeys);
  return { ...clock, serverCpuUs: serverCpuUs / jobs };
}

async function fill(contender: Contender, jobs: number): Promise<void> {
  await contender.open();
  for (let first = 0; first < jobs; first += BATCH) {
    await contender.enqueueBatch(first, Math.min(BATCH, jobs - first));
  }
  await contender.close();
}

/** Resolves when the contender has settled every job. */
async function runAll(contender: Contender, jobs: number, concurrency: number): Promise<Figures> {
  const warm = Math.ceil(jobs * WARM_PART);
  const tally = new Tally(jobs);
  let startMs = 0;
  let cpu = process.cpuUsage();
  await contender.startWorkers(concurrency, (index) => {
    tally.note(index);
    if (tally.ran !== warm) return;
    startMs = performance.now();
    cpu = process.cpuUsage();
  });
  await tally.done;
  const seconds = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  await contender.close();
  tally.expectEachOnce();
  return { rate: (jobs - warm) / seconds, clientCpuUs: (user + system) / (jobs - warm) };
}

export const scenario: Scenario = { cases, measure };
