import type { Look } from "../servers/look.ts";
import type { Chapter } from "./chapter.ts";
import type { Setup } from "./contender.ts";
import type { ContenderName } from "./contenders.ts";

export type Mode = "full" | "quick";

/** How much a contender is given in one run: numbers that its scenario understands. */
export type Load = Readonly<Record<string, number>>;

export type Loads = Readonly<Partial<Record<ContenderName, Load>>>;

/** One thing that a scenario measures, for one contender after the other. */
export interface Case {
  /** First part of the ids of its measures: see chapter.ts. */
  readonly id: string;
  /** The contenders that take part, and what each is given. */
  readonly loads: Loads;
  /** How often each contender is measured. */
  readonly runs: number;
  /** Whether a run with a tenth of the jobs comes first, whose figures are thrown away. */
  readonly warmUp: boolean;
  /** Whether the contenders run at the same time, each on a server of its own. */
  readonly sideBySide?: boolean;
}

/** Figures of one run, by the last part of the ids of its measures. */
export type Figures = Readonly<Record<string, number>>;

/** What a run gets, in a process of its own. The servers and the folder are empty. */
export interface Run {
  readonly contender: ContenderName;
  readonly setup: Setup;
  readonly look: Look;
  readonly load: Load;
}

/** A file of the folder `scenarios`. */
export interface Scenario {
  cases(mode: Mode): readonly Case[];
  /** Called in the process of the contender. */
  measure(run: Run): Promise<Figures>;
  /** How it is reported. */
  readonly chapter: Chapter;
}

/** The scenarios, in the order in which they run and are reported. To add one: its name here, and its file. */
export const SCENARIOS = [
  "process",
  "process-memory",
  "sqlite",
  "python",
  "enqueue",
  "latency",
  "io",
  "payload",
  "thin-line",
  "processes",
  "memory",
  "wire",
  "backlog",
  "timers",
  "threads",
  "idle",
  "footprint",
  "size",
] as const;

export type ScenarioName = (typeof SCENARIOS)[number];

export async function loadScenario(name: ScenarioName): Promise<Scenario> {
  const { scenario } = (await import(`../scenarios/${name}.ts`)) as { scenario: Scenario };
  return scenario;
}

/** @throws Error if the load lacks the number: a mistake in a scenario */
export function amount(load: Load, name: string): number {
  const value = load[name];
  if (value === undefined) throw new Error(`the load lacks "${name}"`);
  return value;
}

/** Five runs and one to warm up; a quick run shows that all works, not how fast. */
export function usualRuns(mode: Mode): Pick<Case, "runs" | "warmUp"> {
  return mode === "full" ? { runs: 5, warmUp: true } : { runs: 1, warmUp: false };
}

/** Jobs for each thousand of a full run: a quick one has a fiftieth. */
export function scaleOf(mode: Mode): number {
  return mode === "full" ? 1000 : 20;
}

/** The loads of contenders that are given different numbers of jobs, and all else alike. */
export function loadsOf(
  jobs: Readonly<Partial<Record<ContenderName, number>>>,
  scale: number,
  others: Load,
): Loads {
  return Object.fromEntries(
    Object.entries(jobs).map(([name, count]) => [
      name,
      { ...others, jobs: Math.ceil(count * scale) },
    ]),
  );
}

/** Who takes part in a quick run where the others would do no more than elsewhere. */
const QUICK: readonly string[] = ["spinach", "bullmq", "floor"] satisfies ContenderName[];

/** All of them in a full run. */
export function fewIfQuick(mode: Mode, loads: Loads): Loads {
  if (mode === "full") return loads;
  return Object.fromEntries(Object.entries(loads).filter(([name]) => QUICK.includes(name)));
}

/** The loads of contenders that are given the same. */
export function sameLoads(contenders: readonly ContenderName[], load: Load): Loads {
  return Object.fromEntries(contenders.map((name) => [name, load]));
}
