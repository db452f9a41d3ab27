import { type ContenderName, CONTENDERS } from "./contender.ts";
import { startRedis } from "./redis-server.ts";
import { runOrder } from "./run-order.ts";
import type { Case, Figures, ScenarioName } from "./scenario.ts";
import { median } from "./statistics.ts";

/** The raw figures of a case: of each contender, by the last part of the measure's id, one a run. */
export interface CaseResult {
  readonly id: string;
  readonly runs: Readonly<Partial<Record<ContenderName, readonly Figures[]>>>;
}

/** Runs the contenders of a case in turn, so that a slow minute of the machine meets all of them. */
export async function measureCase(
  scenario: ScenarioName,
  each: Case,
  port: number,
): Promise<CaseResult> {
  const round = each.sideBySide === true ? roundSideBySide : roundInTurn;
  const rounds: Round[] = [];
  if (each.warmUp) await round(scenario, each, port);
  while (rounds.length < each.runs) rounds.push(await round(scenario, each, port));
  const runs: Partial<Record<ContenderName, readonly Figures[]>> = {};
  for (const name of contendersOf(each)) {
    runs[name] = rounds.map((figures) => figures[name]).filter((figures) => figures !== undefined);
  }
  print(each.id, runs);
  return { id: each.id, runs };
}

type Round = Partial<Record<ContenderName, Figures>>;

async function roundInTurn(scenario: ScenarioName, each: Case, port: number): Promise<Round> {
  const round: Round = {};
  for (const contender of contendersOf(each)) {
    const load = each.loads[contender] ?? {};
    round[contender] = await runOrder({ scenario, contender, port, load });
  }
  return round;
}

async function roundSideBySide(scenario: ScenarioName, each: Case): Promise<Round> {
  const round: Round = {};
  const running = contendersOf(each).map(async (contender) => {
    await using redis = await startRedis();
    const load = each.loads[contender] ?? {};
    round[contender] = await runOrder({ scenario, contender, port: redis.port, load });
  });
  await Promise.all(running);
  return round;
}

function contendersOf({ loads }: Case): readonly ContenderName[] {
  const names = Object.keys(CONTENDERS) as readonly ContenderName[];
  return names.filter((name) => loads[name] !== undefined);
}

function print(id: string, runs: CaseResult["runs"]): void {
  for (const [name, figures] of Object.entries(runs)) {
    const texts = Object.keys(figures[0] ?? {}).map((measure) => {
      const values = figures.map((each) => each[measure] ?? Number.NaN);
      return `${measure} ${Number(median(values).toPrecision(4))}`;
    });
    console.log(`${id.padEnd(16)} ${name.padEnd(10)} ${texts.join(", ")}`);
  }
}
