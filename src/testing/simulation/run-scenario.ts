import { onUnhandledRejection } from "../../platform/unhandled-rejections.ts";
import { Cluster } from "./cluster.ts";
import type { Violation } from "./history.ts";
import type { Scenario } from "./scenario.ts";

/** How a run went. */
export interface RunReport {
  /** The first promise that was broken, if any was. */
  readonly violation: Violation | undefined;
  /** What happened, line by line, if it was recorded. */
  readonly trace: readonly string[];
  /** Events that ran. */
  readonly events: number;
}

/** Runs a scenario to its end, or to the first promise that is broken. The same scenario, the same run. */
export async function runScenario(scenario: Scenario, isTraced = false): Promise<RunReport> {
  const cluster = new Cluster(scenario, isTraced);
  const { history, world } = cluster;
  const stopListening = onUnhandledRejection((reason) => {
    history.rejected(reason);
  });
  try {
    await cluster.run();
  } catch (error) {
    history.refused(error);
  } finally {
    stopListening();
  }
  return { violation: history.violation, trace: world.trace ?? [], events: cluster.events };
}
