import type { Invariant } from "./invariant.ts";
import { JOB_INVARIANTS } from "./job-invariants.ts";
import { PROCESS_INVARIANTS } from "./process-invariants.ts";

/** All that is checked in each run. */
export const INVARIANTS: readonly Invariant[] = [...PROCESS_INVARIANTS, ...JOB_INVARIANTS];
