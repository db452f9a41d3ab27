/** Where the rules about going on may ask for it: nothing was wrong with the store, and a worker was well. */
import { type FaultWindow, isFelt, nameOf } from "../fault.ts";
import type { History } from "../history.ts";
import { loadTask } from "../load.ts";

/** In monotonic ms. */
export interface Stretch {
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** So long after a fault all are in their stride again, in leases. */
const RECOVERY_LEASES = 2;

/** No process is called so. */
const NOBODY = "nobody";

/** When the store was well, and had been for long enough. */
export function quietStretches(history: History): readonly Stretch[] {
  const { leaseMs, workingUntilMs, lives } = history;
  const recoveryMs = RECOVERY_LEASES * leaseMs;
  const startedAtMs = Math.min(...Array.from(lives.values(), (life) => life.startedAtMs));
  let sinceMs = startedAtMs + recoveryMs;
  const stretches: Stretch[] = [];
  const felt = hurting(history).filter(({ target }) => isFelt(target, NOBODY));
  for (const window of felt.toSorted((one, other) => one.sinceMs - other.sinceMs)) {
    stretches.push({ sinceMs, untilMs: window.sinceMs });
    sinceMs = Math.max(sinceMs, window.untilMs + recoveryMs);
  }
  stretches.push({ sinceMs, untilMs: workingUntilMs });
  return stretches.filter((stretch) => stretch.untilMs > stretch.sinceMs);
}

/** Faults with which not all can go on. */
function hurting({ windows }: History): readonly FaultWindow[] {
  return windows.filter(({ isBorne = false }) => !isBorne);
}

/** The longest parts of a stretch in which nothing of this happened. */
export function gapsIn(stretch: Stretch, timesMs: readonly number[]): readonly Stretch[] {
  const within = timesMs.filter((at) => at > stretch.sinceMs && at < stretch.untilMs);
  const edges = [stretch.sinceMs, ...within.toSorted((one, other) => one - other), stretch.untilMs];
  return edges.slice(1).map((untilMs, index) => ({ sinceMs: edges[index] ?? 0, untilMs }));
}

/** Whether a worker process lived all the time, was not struck, and could hear. */
export function hasHealthyWorker(history: History, { sinceMs, untilMs }: Stretch): boolean {
  const fromMs = sinceMs - RECOVERY_LEASES * history.leaseMs;
  const struck = hurting(history)
    .filter((window) => window.sinceMs < untilMs && window.untilMs > fromMs)
    .map(({ target }) => target);
  const blocked = blockedWithin(history, sinceMs, untilMs);
  return [...history.lives.values()].some(
    ({ process, startedAtMs, endedAtMs = Infinity }) =>
      process.startsWith("worker") &&
      startedAtMs < fromMs &&
      endedAtMs > untilMs &&
      !blocked.has(process) &&
      !struck.some((target) => isFelt(target, nameOf(process))),
  );
}

/** Processes whose event loop a task blocked for some of that time. */
function blockedWithin({ jobs }: History, sinceMs: number, untilMs: number): ReadonlySet<string> {
  const runs = [...jobs.values()].flatMap((job) => (loadTask(job.task)?.blocks ? job.runs : []));
  const within = runs.filter(
    ({ atMs, endedAtMs = Infinity }) => atMs < untilMs && endedAtMs > sinceMs,
  );
  return new Set(within.map(({ process }) => process));
}
