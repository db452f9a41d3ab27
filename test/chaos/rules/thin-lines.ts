import { type FaultWindow, isFelt, nameOf, processOf } from "../fault.ts";
import type { History } from "../history.ts";
import type { Rule, Violation } from "./rule.ts";

/** How the names of these faults begin. */
export const THIN_LINE = "thin line";

/** So much of it is let go, in ms: what was on its way when the line became thin has arrived. */
const GRACE_MS = 8000;

/** What is too large for the time of a call is done in more time, or in smaller calls: a thin line is no dead one. */
export const thinLinesCarry: Rule = {
  title: "[G12] a process whose line is thin goes on: it starts jobs, or has calls acknowledged",
  check: (history) =>
    history.windows.flatMap((window): readonly Violation[] => {
      if (!window.name.startsWith(THIN_LINE)) return [];
      const { target, sinceMs, untilMs } = window;
      const process = processOf(target);
      const fromMs = sinceMs + GRACE_MS / 2;
      if (untilMs - sinceMs < 1.5 * GRACE_MS || !isAlone(history, window, process)) return [];
      if (didSomething(history, process, { ...window, sinceMs: fromMs })) return [];
      const message = `${process} did nothing from ${fromMs.toFixed(0)} to ${untilMs.toFixed(0)} ms over a ${window.name}`;
      return [{ message, jobs: [] }];
    }),
};

/** Whether nothing else was wrong, and the process lived all the time. */
function isAlone({ windows, lives }: History, window: FaultWindow, process: string): boolean {
  const { sinceMs, untilMs } = window;
  const lived = [...lives.values()].some(
    (life) =>
      nameOf(life.process) === process &&
      life.startedAtMs < sinceMs &&
      (life.endedAtMs ?? Infinity) > untilMs,
  );
  const others = windows.filter(
    (other) =>
      other !== window &&
      isFelt(other.target, process) &&
      other.sinceMs < untilMs &&
      other.untilMs > sinceMs,
  );
  return lived && others.length === 0;
}

function didSomething(
  { jobs }: History,
  process: string,
  { sinceMs, untilMs }: FaultWindow,
): boolean {
  const isWithin = (atMs = Infinity): boolean => atMs > sinceMs && atMs < untilMs;
  for (const { runs, acknowledgedAtMs, scheduledBy } of jobs.values()) {
    if (runs.some((run) => nameOf(run.process) === process && isWithin(run.atMs))) return true;
    if (nameOf(scheduledBy) === process && isWithin(acknowledgedAtMs)) return true;
  }
  return false;
}
