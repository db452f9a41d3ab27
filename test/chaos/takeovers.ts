import { type FaultWindow, processOf } from "./fault.ts";
import type { History } from "./history.ts";

/** A judge must have been connected for a whole lease; and the calm must be one, in leases. */
const CALM_BEFORE_LEASES = 1.5;

/**
 * How long jobs that a kill cut short waited until they ran elsewhere, in ms, where nothing else went wrong: not
 * with the store, nor with the others that take over.
 */
export function takeoversInCalm(
  { jobs, lives, leaseMs }: History,
  windows: readonly FaultWindow[],
): readonly number[] {
  const isCalm = (victim: string, fromMs: number, untilMs: number): boolean =>
    !windows.some(
      (window) =>
        ![victim, "producer"].includes(processOf(window.target)) &&
        window.sinceMs < untilMs &&
        window.untilMs > fromMs - CALM_BEFORE_LEASES * leaseMs,
    );
  const waits: number[] = [];
  for (const { runs } of jobs.values()) {
    for (const [index, run] of runs.entries()) {
      const { endedBy, endedAtMs = Infinity } = lives.get(run.process) ?? {};
      const next = runs[index + 1];
      if (run.how !== undefined || endedBy !== "kill" || next === undefined) continue;
      const [victim = ""] = run.process.split(".");
      if (isCalm(victim, endedAtMs, next.atMs)) waits.push(next.atMs - endedAtMs);
    }
  }
  return waits;
}
