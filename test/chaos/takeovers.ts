import { type FaultWindow, isFelt, nameOf, processOf } from "./fault.ts";
import type { History } from "./history.ts";

/** A judge must have been connected for a whole lease; and the calm must be one, in leases. */
const CALM_BEFORE_LEASES = 1.5;

/** So many workers that nothing happens to take over what the others leave. */
const MIN_JUDGES = 2;

const PRODUCER = "producer";

/**
 * How long jobs that a kill cut short waited until they ran elsewhere, in ms, where nothing went wrong with the
 * store, nor with two others at least, which take over.
 */
export function takeoversInCalm(
  { jobs, lives, leaseMs }: History,
  windows: readonly FaultWindow[],
): readonly number[] {
  const workers = new Set(Array.from(lives.keys(), nameOf).filter((name) => name !== PRODUCER));
  const isCalm = (victim: string, killedAtMs: number, untilMs: number): boolean => {
    const sinceMs = killedAtMs - CALM_BEFORE_LEASES * leaseMs;
    const struck = windows
      .filter((window) => window.sinceMs < untilMs && window.untilMs > sinceMs)
      .map(({ target }) => target);
    const isSpared = (name: string): boolean =>
      name !== victim && !struck.some((target) => processOf(target) === name);
    return (
      !struck.some((target) => isFelt(target, "nobody")) &&
      [...workers].filter(isSpared).length >= MIN_JUDGES
    );
  };
  const waits: number[] = [];
  for (const { runs } of jobs.values()) {
    for (const [index, run] of runs.entries()) {
      const { endedBy, endedAtMs = Infinity } = lives.get(run.process) ?? {};
      const next = runs[index + 1];
      if (run.how !== undefined || endedBy !== "kill" || next === undefined) continue;
      if (isCalm(nameOf(run.process), endedAtMs, next.atMs)) waits.push(next.atMs - endedAtMs);
    }
  }
  return waits;
}
