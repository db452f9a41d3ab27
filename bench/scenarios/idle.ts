/** How many commands a worker process sends to its server while there is nothing to do. */
import { setTimeout as sleep } from "node:timers/promises";

import { loadContender } from "../lib/contenders.ts";
import {
  amount,
  type Case,
  type Figures,
  type Mode,
  type Run,
  sameLoads,
  type Scenario,
} from "../lib/scenario.ts";

const CONCURRENCY = 256;

function cases(mode: Mode): readonly Case[] {
  const load = mode === "full" ? { settle: 10, seconds: 60 } : { settle: 1, seconds: 3 };
  return [
    {
      id: "idle",
      loads: sameLoads(
        ["spinach", "bullmq", "bee-queue", "platformatic", "graphile-worker", "pg-boss"],
        load,
      ),
      // Counted, not timed: it is the same each time, and contenders do not disturb each other.
      runs: 1,
      warmUp: false,
      sideBySide: true,
    },
  ];
}

async function measure({ contender: name, setup, look, load }: Run): Promise<Figures> {
  const contender = await loadContender(name, setup);
  await contender.open();
  await contender.startWorkers(CONCURRENCY, () => undefined);
  await sleep(amount(load, "settle") * 1000);
  const before = await look.commands();
  await sleep(amount(load, "seconds") * 1000);
  const commands = (await look.commands()) - before;
  await contender.close();
  return { rate: commands / amount(load, "seconds") };
}

export const scenario: Scenario = {
  cases,
  measure,
  chapter: {
    title: "A worker process with nothing to do",
    text:
      "Commands that the server ran from 10 s after the workers' start, for 60 s: in Redis `INFO commandstats`, which " +
      "counts those inside scripts too; in PostgreSQL transactions.",
    notes: ["No floor: without a queue nothing has to be sent."],
    measures: [{ id: ["idle", "rate"], title: "commands", unit: "per s", budget: { most: 0.5 } }],
  },
};
