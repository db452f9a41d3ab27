import { allEnd } from "./all-end.ts";
import { intact, refusedStaysOut, wholeBatches } from "./arrives-whole.ts";
import { deathsTakeFew } from "./deaths-take-few.ts";
import { beatsGoOn, jobsGoOn } from "./goes-on.ts";
import { limitsKept } from "./limits-kept.ts";
import { leasesKept, processesEnd, startsStop } from "./processes-end.ts";
import { rerunsExplained } from "./reruns-explained.ts";
import type { Rule } from "./rule.ts";
import { runsOnce } from "./runs-once.ts";
import { thinLinesCarry } from "./thin-lines.ts";
import { neverEarly, onePerPeriod } from "./times-kept.ts";

export const ALL_RULES: readonly Rule[] = [
  allEnd,
  deathsTakeFew,
  runsOnce,
  rerunsExplained,
  limitsKept,
  neverEarly,
  onePerPeriod,
  intact,
  wholeBatches,
  refusedStaysOut,
  leasesKept,
  processesEnd,
  startsStop,
  jobsGoOn,
  beatsGoOn,
  thinLinesCarry,
];
