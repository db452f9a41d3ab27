/** What a store that came back empty explains. */
import type { FaultWindow } from "../fault.ts";
import type { History, JobHistory, Run } from "../history.ts";

/** When the store lost all that it had. */
export function emptiedIn({ windows }: History): readonly FaultWindow[] {
  return windows.filter(({ empties = false }) => empties);
}

/** Whether the store may have had the job when it lost all: what was scheduled afterwards is there. */
export function wasLostWithStore(history: History, { intendedAtMs }: JobHistory): boolean {
  return emptiedIn(history).some(({ untilMs }) => intendedAtMs < untilMs);
}

/**
 * Whether its call was under way when the store lost all. Such a call is repeated, and the store does not know
 * any more that it has taken it in before.
 */
export function mayBeTakenInTwice(history: History, job: JobHistory, before: Run): boolean {
  const { intendedAtMs, acknowledgedAtMs = Infinity } = job;
  return emptiedIn(history).some(
    ({ sinceMs, untilMs }) =>
      intendedAtMs < untilMs && acknowledgedAtMs > sinceMs && before.atMs < untilMs,
  );
}
