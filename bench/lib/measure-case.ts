import { loadavg } from "node:os";

import { type Addresses, startServers } from "../servers/servers.ts";
import { absence } from "./absence.ts";
import { CONTENDER_NAMES, type ContenderName, entryOf } from "./contenders.ts";
import { runOrder } from "./run-order.ts";
import type { Case, Figures, ScenarioName } from "./scenario.ts";
import { median } from "./statistics.ts";

/** The raw figures of a case. */
export interface CaseResult {
  readonly id: string;
  /** Of each contender, by the last part of the measure's id, one a run. */
  readonly runs: Readonly<Partial<Record<ContenderName, readonly Figures[]>>>;
  /** The load average of the machine when it began: what else went on there. */
  readonly load?: number;
  /** Who could not be measured on this machine, and why. */
  readonly absent: Readonly<Partial<Record<ContenderName, string>>>;
}

/** Runs the contenders of a case in turn, so that a slow minute of the machine meets all of them. */
export async function measureCase(
  scenario: ScenarioName,
  each: Case,
  servers: Addresses,
): Promise<CaseResult> {
  const round = each.sideBySide === true ? roundSideBySide : roundInTurn;
  const rounds: Round[] = [];
  const [load = 0] = loadavg();
  const startMs = performance.now();
  if (each.warmUp) await round(scenario, warmUpOf(each), servers);
  while (rounds.length < each.runs) rounds.push(await round(scenario, each, servers));
  const runs: Partial<Record<ContenderName, readonly Figures[]>> = {};
  for (const name of presentOf(each)) {
    runs[name] = rounds.map((figures) => figures[name]).filter((figures) => figures !== undefined);
  }
  print(each.id, runs);
  console.log(`${each.id} took ${Math.round((performance.now() - startMs) / 1000)} s`);
  return { id: each.id, runs, load, absent: absentOf(each) };
}

/** Those of a case, in the order of the columns. */
export function contendersOf({ loads }: Case): readonly ContenderName[] {
  return CONTENDER_NAMES.filter((name) => loads[name] !== undefined);
}

function presentOf(each: Case): readonly ContenderName[] {
  return contendersOf(each).filter((name) => absence(name) === undefined);
}

function absentOf(each: Case): CaseResult["absent"] {
  const absent: Partial<Record<ContenderName, string>> = {};
  for (const name of contendersOf(each)) {
    const reason = absence(name);
    if (reason !== undefined) absent[name] = reason;
  }
  return absent;
}

/** What stays warm from run to run are servers and files: each run is a process of its own, and compiles for itself. */
const WARM_UP_PART = 0.1;

function warmUpOf(each: Case): Case {
  const loads = Object.entries(each.loads).map(([name, { jobs, ...load }]) => [
    name,
    jobs === undefined ? load : { ...load, jobs: Math.ceil(jobs * WARM_UP_PART) },
  ]);
  return { ...each, loads: Object.fromEntries(loads) };
}

type Round = Partial<Record<ContenderName, Figures>>;

async function roundInTurn(scenario: ScenarioName, each: Case, servers: Addresses): Promise<Round> {
  const round: Round = {};
  for (const contender of presentOf(each)) {
    const load = each.loads[contender] ?? {};
    round[contender] = await runOrder({ scenario, contender, servers, load });
  }
  return round;
}

async function roundSideBySide(scenario: ScenarioName, each: Case): Promise<Round> {
  const round: Round = {};
  const running = presentOf(each).map(async (contender) => {
    await using servers = await startServers([entryOf(contender).store]);
    const load = each.loads[contender] ?? {};
    round[contender] = await runOrder({ scenario, contender, servers: servers.addresses, load });
  });
  await Promise.all(running);
  return round;
}

function print(id: string, runs: CaseResult["runs"]): void {
  for (const [name, figures] of Object.entries(runs)) {
    const texts = Object.keys(figures[0] ?? {}).map((measure) => {
      const values = figures.map((each) => each[measure] ?? Number.NaN);
      return `${measure} ${Number(median(values).toPrecision(4))}`;
    });
    console.log(`${id.padEnd(18)} ${name.padEnd(20)} ${texts.join(", ")}`);
  }
}
