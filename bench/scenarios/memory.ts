/** How much memory of Redis a waiting job takes. */
import { loadContender } from "../lib/contenders.ts";
import {
  amount,
  type Case,
  fewIfQuick,
  type Figures,
  type Mode,
  type Run,
  sameLoads,
  type Scenario,
} from "../lib/scenario.ts";

const BATCH = 1000;

function cases(mode: Mode): readonly Case[] {
  const load = { jobs: mode === "full" ? 100_000 : 4000 };
  return [
    {
      id: "memory",
      loads: fewIfQuick(
        mode,
        sameLoads(["spinach", "bullmq", "bee-queue", "platformatic", "floor"], load),
      ),
      runs: mode === "full" ? 3 : 1,
      // A size does not depend on how warm a process is, nor on what the others do.
      warmUp: false,
      sideBySide: mode === "full",
    },
  ];
}

async function measure({ contender: name, setup, look, load }: Run): Promise<Figures> {
  const jobs = amount(load, "jobs");
  const contender = await loadContender(name, setup);
  await contender.open();
  // What is there once, whatever the number of jobs, is not counted: scripts, connections, keys.
  await contender.enqueueBatch(0, BATCH);
  const before = await look.redis.usedMemory();
  for (let first = BATCH; first < BATCH + jobs; first += BATCH) {
    await contender.enqueueBatch(first, BATCH);
  }
  const after = await look.redis.usedMemory();
  const waiting = await contender.waiting(look);
  if (waiting !== BATCH + jobs) throw new Error(`${waiting} jobs wait, not ${BATCH + jobs}`);
  await contender.close();
  return { bytes: (after - before) / jobs };
}

export const scenario: Scenario = {
  cases,
  measure,
  chapter: {
    title: "Memory of Redis",
    text: "The growth of `used_memory` by 100,000 waiting jobs, whose only argument is a number.",
    notes: ["graphile-worker and pg-boss keep waiting jobs on disk."],
    measures: [
      { id: ["memory", "bytes"], title: "a waiting job", unit: "bytes", budget: { most: 215 } },
    ],
  },
};
