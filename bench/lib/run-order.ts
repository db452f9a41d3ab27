import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

import type { Addresses } from "../servers/servers.ts";
import type { ContenderName } from "./contenders.ts";
import type { Figures, Load, ScenarioName } from "./scenario.ts";

/** What one process is to measure. */
export interface Order {
  readonly scenario: ScenarioName;
  readonly contender: ContenderName;
  readonly servers: Addresses;
  readonly load: Load;
}

const BOUND_MS = 300_000;

/** Runs an order in a process of its own, so that its memory, compiled code and CPU time are its own. */
export async function runOrder(order: Order): Promise<Figures> {
  const child = fork(join(import.meta.dirname, "child.ts"), [JSON.stringify(order)], {
    timeout: BOUND_MS,
    killSignal: "SIGKILL",
  });
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  let figures: Figures | undefined;
  child.once("message", (message) => {
    figures = message as Figures;
  });
  await once(child, "exit");
  process.off("exit", kill);
  if (figures !== undefined) return figures;
  throw new Error(`${order.scenario} of ${order.contender} failed: see above`);
}
