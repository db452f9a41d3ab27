import { nameOf } from "../fault.ts";
import type { History, JobHistory, Run } from "../history.ts";

/** The process that stops its workers itself, as soon as they start. */
export const STARTER = "starter";

/** A promise that was not kept. */
export interface Violation {
  readonly message: string;
  /** The jobs that show it. */
  readonly jobs: readonly JobHistory[];
}

/** One promise, checked against all that happened. */
export interface Rule {
  /** Its number, and what it says. */
  readonly title: string;
  check(history: History): readonly Violation[];
}

/** When a process was killed, or ended in another way, in monotonic ms. */
export function endOfProcess({ lives }: History, { process }: Run): number {
  return lives.get(process)?.endedAtMs ?? Infinity;
}

/** Why a job may have been taken from the process that ran it. */
export type TakenBy = "its process was killed" | "its process lost its lease" | "a stop";

/** Why a run may be followed by another, before a time in monotonic ms; `undefined` if nothing explains it. */
export function takenBy(history: History, run: Run, beforeMs: number): TakenBy | undefined {
  const life = history.lives.get(run.process);
  const diedAtMs = life?.endedAtMs ?? Infinity;
  if (life?.endedBy === "kill" && diedAtMs < beforeMs) return "its process was killed";
  const losses = history.losses.get(run.process) ?? [];
  const wasLost = losses.some(
    ({ sinceMs, noticedAtMs }) => noticedAtMs >= run.atMs && sinceMs < beforeMs,
  );
  if (wasLost) return "its process lost its lease";
  return wasStopped(history, run) ? "a stop" : undefined;
}

function wasStopped({ lives, untold }: History, { process, how, id }: Run): boolean {
  if (lives.get(process)?.endedBy !== "stop" && nameOf(process) !== STARTER) return false;
  return how === "stopped" || untold.has(id);
}
