/** How many commands a worker process sends to Redis while there is nothing to do. */
import { setTimeout as sleep } from "node:timers/promises";

import { loadContender } from "../lib/contender.ts";
import {
  amount,
  type Case,
  type Figures,
  type Mode,
  type Run,
  type Scenario,
} from "../lib/scenario.ts";

const CONCURRENCY = 256;

function cases(mode: Mode): readonly Case[] {
  const load = mode === "full" ? { settle: 15, seconds: 120 } : { settle: 5, seconds: 10 };
  return [
    {
      id: "idle",
      loads: { spinach: load, bullmq: load },
      // Counted, not timed: it is the same each time, and contenders do not disturb each other.
      runs: 1,
      warmUp: false,
      sideBySide: true,
    },
  ];
}

async function measure({ contender: name, port, probe, load }: Run): Promise<Figures> {
  const contender = await loadContender(name, port);
  await contender.open();
  await contender.startWorkers(CONCURRENCY, () => undefined);
  await sleep(amount(load, "settle") * 1000);
  const before = await probe.commands();
  await sleep(amount(load, "seconds") * 1000);
  const commands = (await probe.commands()) - before;
  await contender.close();
  return { rate: commands / amount(load, "seconds") };
}

export const scenario: Scenario = { cases, measure };
