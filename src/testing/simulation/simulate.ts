import { checkBoolean, checkInteger, checkOptions } from "../../core/option-checks.ts";
import type { Violation } from "./history.ts";
import { INVARIANTS } from "./invariants.ts";
import { makeScenario } from "./make-scenario.ts";
import { runScenario } from "./run-scenario.ts";
import type { Scenario } from "./scenario.ts";
import { shrink } from "./shrink.ts";

/** Options of a simulation. */
export interface SimulationOptions {
  /** A whole number of at least 0, which decides everything. */
  readonly seed: number;
  /** Records what happens, line by line. @defaultValue false */
  readonly trace?: boolean | undefined;
  /** Looks for the smallest scenario that fails as this one does, if it does. @defaultValue false */
  readonly shrink?: boolean | undefined;
}

/** How a simulation went. */
export interface SimulationReport {
  readonly seed: number;
  /** What was run; if it was shrunk, the smallest that fails. */
  readonly scenario: Scenario;
  /** The first promise that was broken; `undefined` if all were kept. */
  readonly violation: Violation | undefined;
  /** Empty unless asked for. */
  readonly trace: readonly string[];
  /** How many events ran. */
  readonly events: number;
}

/** Names of all promises that each simulation checks. */
export const SIMULATED_INVARIANTS: readonly string[] = INVARIANTS.map(({ name }) => name);

/**
 * Runs the real engine, arbiters and workers of a small cluster on simulated time, over the store of MemoryBroker
 * and a network that delays, loses and cuts off, with processes that die, freeze, stop and come back; and checks
 * every promise that can be seen. The seed decides everything: the same seed, the same run. Simulations must not
 * run at the same time in one thread.
 *
 * @throws TypeError or RangeError if an option is not valid
 *
 * @example
 * const { violation, trace } = await simulate({ seed: 4711, trace: true, shrink: true });
 * if (violation !== undefined) console.log(violation.invariant, violation.message, trace.join("\n"));
 */
export async function simulate(options: SimulationOptions): Promise<SimulationReport> {
  checkOptions("simulate", options, ["seed", "trace", "shrink"]);
  const { seed, trace: isTraced = false, shrink: mayShrink = false } = options;
  checkInteger("simulate: seed", seed, { min: 0, max: Number.MAX_SAFE_INTEGER });
  checkBoolean("simulate: trace", isTraced);
  checkBoolean("simulate: shrink", mayShrink);
  const scenario = makeScenario(seed);
  const report = await runScenario(scenario, isTraced);
  const invariant = report.violation?.invariant;
  if (invariant === undefined || !mayShrink) return { seed, scenario, ...report };
  const smallest = await shrink(scenario, async (candidate) => {
    const { violation } = await runScenario(candidate);
    return violation?.invariant === invariant;
  });
  return { seed, scenario: smallest, ...(await runScenario(smallest, isTraced)) };
}
