/** How much memory of Redis a waiting job takes. */
import { loadContender } from "../lib/contender.ts";
import {
  amount,
  type Case,
  type Figures,
  type Mode,
  type Run,
  type Scenario,
} from "../lib/scenario.ts";

const BATCH = 1000;

function cases(mode: Mode): readonly Case[] {
  const load = { jobs: 100_000 };
  return [
    {
      id: "memory",
      loads: { spinach: load, bullmq: load, floor: load },
      runs: mode === "full" ? 5 : 1,
      // A size does not depend on how warm a process is.
      warmUp: false,
    },
  ];
}

async function measure({ contender: name, port, probe, load }: Run): Promise<Figures> {
  const jobs = amount(load, "jobs");
  const contender = await loadContender(name, port);
  await contender.open();
  // What is there once, whatever the number of jobs, is not counted: scripts, connections, keys.
  await contender.enqueueBatch(0, BATCH);
  const before = await probe.usedMemory();
  for (let first = BATCH; first < BATCH + jobs; first += BATCH) {
    await contender.enqueueBatch(first, BATCH);
  }
  const after = await probe.usedMemory();
  const waiting = await probe.length(contender.queueKey);
  if (waiting !== BATCH + jobs) throw new Error(`${waiting} jobs wait, not ${BATCH + jobs}`);
  await contender.close();
  return { bytes: (after - before) / jobs };
}

export const scenario: Scenario = { cases, measure };
