/** Which processes lost their leases, and what explains it. */
import type { Life } from "./child-process.ts";
import { type FaultWindow, isFelt, nameOf } from "./fault.ts";
import type { HistoryParts } from "./history.ts";
import { entriesOf, type Journal } from "./journal.ts";

/** A process that lost its lease, as far as can be known. */
export interface Loss {
  /** Not before: the lease may have run on after the fault began. */
  readonly sinceMs: number;
  /** When the process learned of it. */
  readonly noticedAtMs: number;
}

/** How far a process can be behind with learning that its lease is lost, in leases. */
const LATE_LEASES = 3;

/** A fault that is shorter costs at most one heartbeat, in leases. */
const SHORTEST_LEASES = 0.2;

/** A lease cannot end earlier after the beginning of a fault, in leases: beats come every third of one. */
const EARLIEST_LEASES = 0.6;

export function lossesOf(parts: HistoryParts): {
  readonly losses: ReadonlyMap<string, readonly Loss[]>;
  readonly unexplainedLosses: readonly string[];
} {
  const { journals, windows, lives, leaseMs } = parts;
  const takeovers = takeoversIn(journals);
  const losses = new Map<string, Loss[]>();
  const unexplainedLosses: string[] = [];
  for (const journal of journals) {
    const { process } = journal;
    const felt = windows.filter(
      ({ target, sinceMs, untilMs, empties = false }) =>
        isFelt(target, nameOf(process)) &&
        (empties || untilMs - sinceMs >= SHORTEST_LEASES * leaseMs),
    );
    const life = lives.find((each) => each.process === process);
    for (const { takenAtMs, noticedAtMs } of takenFrom(journal, life, takeovers)) {
      const near = felt.filter(
        ({ sinceMs, untilMs }) =>
          sinceMs <= takenAtMs && untilMs >= takenAtMs - LATE_LEASES * leaseMs,
      );
      const sinceMs = Math.min(...near.map((window) => earliestEnd(window, leaseMs)));
      if (near.length === 0) unexplainedLosses.push(`${process} at ${takenAtMs.toFixed(0)} ms`);
      const loss = { sinceMs: Number.isFinite(sinceMs) ? sinceMs : takenAtMs, noticedAtMs };
      losses.set(process, [...(losses.get(process) ?? []), loss]);
    }
  }
  return { losses, unexplainedLosses };
}

/** Of a lease, after a fault began: a store that lost all has no lease any more. */
function earliestEnd({ sinceMs, empties = false }: FaultWindow, leaseMs: number): number {
  return empties ? sinceMs : sinceMs + EARLIEST_LEASES * leaseMs;
}

interface Taken {
  /** When others took its jobs over, as they noted; when it learned of that, if none of them lived to note it. */
  readonly takenAtMs: number;
  readonly noticedAtMs: number;
}

/** When the jobs of each broker were taken over, as far as who did it lived to note it. */
function takeoversIn(journals: readonly Journal[]): ReadonlyMap<string, number> {
  const takenAtMs = new Map<string, number>();
  for (const { broker, atMs } of entriesOf(journals, "rescued")) {
    takenAtMs.set(broker, Math.min(atMs, takenAtMs.get(broker) ?? Infinity));
  }
  return takenAtMs;
}

/** The losses of a process, those too that it was killed before it could learn of: cut off, for example. */
function takenFrom(
  { entries }: Journal,
  life: Life | undefined,
  takeovers: ReadonlyMap<string, number>,
): readonly Taken[] {
  const all: Taken[] = [];
  let id = "";
  for (const entry of entries) {
    if (entry.event === "broker") ({ id } = entry);
    if (entry.event !== "lost") continue;
    all.push({ takenAtMs: takeovers.get(id) ?? entry.atMs, noticedAtMs: entry.atMs });
    id = "";
  }
  const { endedBy, endedAtMs = Infinity } = life ?? {};
  const takenAtMs = takeovers.get(id) ?? Infinity;
  if (endedBy === "kill" && takenAtMs < endedAtMs) all.push({ takenAtMs, noticedAtMs: endedAtMs });
  return all;
}
