import type { ContenderName } from "./contender.ts";
import type { Probe } from "./probe.ts";

export type Mode = "full" | "quick";

/** How much a contender is given in one run: numbers that its scenario understands. */
export type Load = Readonly<Record<string, number>>;

/** One thing that a scenario measures, for one contender after the other. */
export interface Case {
  /** First part of the ids of its measures: see measures.ts. */
  readonly id: string;
  readonly loads: Readonly<Partial<Record<ContenderName, Load>>>;
  /** How often each contender is measured. */
  readonly runs: number;
  /** Whether a run whose figures are thrown away comes first. */
  readonly warmUp: boolean;
  /** Whether the contenders run at the same time, each on a server of its own. */
  readonly sideBySide?: boolean;
}

/** Figures of one run, by the last part of the ids of its measures. */
export type Figures = Readonly<Record<string, number>>;

/** What a run gets, in a process of its own. The server is empty. */
export interface Run {
  readonly contender: ContenderName;
  readonly port: number;
  readonly probe: Probe;
  readonly load: Load;
}

/** A file of the folder `scenarios`. */
export interface Scenario {
  cases(mode: Mode): readonly Case[];
  /** Called in the process of the contender. */
  measure(run: Run): Promise<Figures>;
}

/** The scenarios, in the order in which they run. */
export const SCENARIOS = [
  "process",
  "enqueue",
  "latency",
  "memory",
  "backlog",
  "idle",
  "threads",
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
