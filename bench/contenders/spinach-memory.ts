import { MemoryBroker } from "spinach";

import type { Setting, Setup } from "../lib/contender.ts";
import { OWN_SETTINGS, OwnEngine } from "./own-engine.ts";

export const SETTINGS: readonly Setting[] = OWN_SETTINGS;

export function create({ payload }: Setup): OwnEngine {
  const broker = new MemoryBroker();
  // Its jobs are in the process that is measured: that they ran is all one can see.
  const none = async (): Promise<number> => 0;
  return new OwnEngine({ broker, payload, waiting: none, left: none });
}
