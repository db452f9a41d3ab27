/** What happened in a run, put together from the journals of all its processes. */
import type { Life } from "./child-process.ts";
import { type FaultWindow, isFelt, nameOf } from "./fault.ts";
import {
  entriesOf,
  type Entry,
  type EntryOf,
  type Journal,
  type RunEnd,
  type RunStart,
} from "./journal.ts";
import { loadTask } from "./load.ts";
import { type Loss, lossesOf } from "./losses.ts";

/** One run of a job. Times are monotonic ms unless they are called wall. */
export interface Run extends RunStart {
  /** The life of a process, such as `worker1.3`. */
  readonly process: string;
  readonly endedAtMs: number | undefined;
  readonly how: RunEnd | undefined;
}

/** A job, from the producer's intention to its end. */
export interface JobHistory {
  readonly key: string;
  readonly task: string;
  /** The life of a process. */
  readonly scheduledBy: string;
  readonly intendedAtMs: number;
  readonly notBeforeMs: number | undefined;
  /** The key of the first job of its batch. */
  readonly batch: string;
  fate: "acknowledged" | "refused" | "unknown";
  acknowledgedAtMs: number | undefined;
  id: string | undefined;
  /** In the order of their starts. */
  readonly runs: Run[];
}

/** What the rules are checked against. */
export interface History {
  readonly jobs: ReadonlyMap<string, JobHistory>;
  /** Runs of periodic tasks. */
  readonly periodic: readonly Run[];
  readonly lives: ReadonlyMap<string, Life>;
  readonly losses: ReadonlyMap<string, readonly Loss[]>;
  /** Losses of leases that no fault explains, a line each. */
  readonly unexplainedLosses: readonly string[];
  /** Ids of jobs that a process held when it died, or lost its lease. */
  readonly heldAtDeath: ReadonlySet<string>;
  /** Ids of the brokers whose process could not leave the cluster: it was killed, or stopped amid faults. */
  readonly strandedBrokers: ReadonlySet<string>;
  readonly corrupt: readonly string[];
  readonly rescued: number;
  /** By the id of a job that was failed because too many processes died with it: the broker of the last one. */
  readonly failedByDeath: ReadonlyMap<string, string>;
  readonly threadDeaths: number;
  readonly untold: ReadonlySet<string>;
  /** By process: when each of its starts that were stopped had been closed. */
  readonly stoppedStarts: ReadonlyMap<string, ReadonlyArray<EntryOf<"closed">>>;
  /** All faults. */
  readonly windows: readonly FaultWindow[];
  /** When the workers were told to end, for good. */
  readonly workingUntilMs: number;
  readonly leaseMs: number;
}

export interface HistoryParts {
  readonly journals: readonly Journal[];
  readonly lives: readonly Life[];
  readonly windows: readonly FaultWindow[];
  readonly heldAtDeath: ReadonlySet<string>;
  readonly workingUntilMs: number;
  readonly leaseMs: number;
}

export function historyOf(parts: HistoryParts): History {
  const { journals, lives, heldAtDeath, windows, workingUntilMs, leaseMs } = parts;
  const { losses, unexplainedLosses } = lossesOf(parts);
  const jobs = scheduledJobs(journals);
  const periodic: Run[] = [];
  for (const run of journals.flatMap(runsOf).toSorted((one, other) => one.atMs - other.atMs)) {
    if (loadTask(run.task) === undefined) periodic.push(run);
    else recordRun(jobs, run);
  }
  const rescues = entriesOf(journals, "rescued");
  return {
    jobs,
    periodic,
    lives: new Map(lives.map((life) => [life.process, life])),
    losses,
    unexplainedLosses,
    heldAtDeath,
    strandedBrokers: strandedBrokers(parts),
    corrupt: entriesOf(journals, "corrupt").map(({ key }) => key),
    rescued: rescues.reduce((sum, rescue) => sum + rescue.jobs, 0),
    failedByDeath: new Map(
      rescues.flatMap(({ broker, failed }) => failed.map((id) => [id, broker] as const)),
    ),
    threadDeaths: entriesOf(journals, "thread-death").length,
    untold: new Set(entriesOf(journals, "untold").flatMap(({ ids }) => ids)),
    stoppedStarts: new Map(
      journals.map((journal) => [journal.process, entriesOf([journal], "closed")]),
    ),
    windows,
    workingUntilMs,
    leaseMs,
  };
}

/** After a fault it takes so long, in leases, until a process is in its stride again. */
const RECOVERY_LEASES = 3;

function strandedBrokers(parts: HistoryParts): ReadonlySet<string> {
  const stranded = new Set(
    parts.lives.filter((life) => isStranded(life, parts)).map((life) => life.process),
  );
  const theirs = parts.journals.filter(({ process }) => stranded.has(process));
  return new Set(entriesOf(theirs, "broker").map(({ id }) => id));
}

function isStranded(life: Life, { windows, leaseMs }: HistoryParts): boolean {
  if (life.endedBy === "kill") return true;
  const { endedAtMs = Infinity, stopMs = 0 } = life;
  const stoppedAtMs = endedAtMs - stopMs;
  return windows.some(
    ({ target, sinceMs, untilMs }) =>
      isFelt(target, nameOf(life.process)) &&
      sinceMs <= endedAtMs &&
      untilMs >= stoppedAtMs - RECOVERY_LEASES * leaseMs,
  );
}

/** All that were to be scheduled, and what became of that. */
function scheduledJobs(journals: readonly Journal[]): Map<string, JobHistory> {
  const jobs = new Map(journals.flatMap(intendedJobs).map((job) => [job.key, job]));
  for (const { keys, ids, atMs } of entriesOf(journals, "acknowledged")) {
    for (const [index, key] of keys.entries()) {
      const job = jobs.get(key);
      const known = { fate: "acknowledged", acknowledgedAtMs: atMs, id: ids[index] } as const;
      if (job !== undefined) Object.assign(job, known);
    }
  }
  for (const { keys, why } of entriesOf(journals, "refused")) {
    const fate = why.includes("may or may not") ? "unknown" : "refused";
    for (const key of keys) Object.assign(jobs.get(key) ?? {}, { fate });
  }
  return jobs;
}

function intendedJobs(journal: Journal): readonly JobHistory[] {
  const { process: scheduledBy } = journal;
  return entriesOf([journal], "intend").flatMap(({ jobs, atMs: intendedAtMs }) => {
    const batch = jobs[0]?.key ?? "";
    return jobs.map(({ key, task, notBeforeMs }): JobHistory => ({
      key,
      task,
      scheduledBy,
      intendedAtMs,
      notBeforeMs,
      batch,
      fate: "unknown",
      acknowledgedAtMs: undefined,
      id: undefined,
      runs: [],
    }));
  });
}

function recordRun(jobs: Map<string, JobHistory>, run: Run): void {
  const job = jobs.get(run.key);
  if (job === undefined) throw new Error(`a job ran that nobody has scheduled: ${run.key}`);
  job.id ??= run.id;
  job.runs.push(run);
}

function runsOf({ process, entries }: Journal): readonly Run[] {
  const ends = endsByRun(entries);
  return entries.flatMap((entry): readonly Run[] => {
    if (entry.event !== "start") return [];
    // The first one that has not been taken: a job that was put back may come here again.
    const end = ends.get(`${entry.id} ${entry.attempt}`)?.shift();
    if (end !== undefined) return [{ ...entry, process, endedAtMs: end.atMs, how: end.how }];
    return [{ ...entry, process, ...cutShort(entry, entries) }];
  });
}

/** How a run ended that could not say so itself: its thread did, or was terminated by a stop. */
function cutShort(run: RunStart, entries: readonly Entry[]): Pick<Run, "endedAtMs" | "how"> {
  for (const entry of entries) {
    if (entry.atMs < run.atMs) continue;
    const { event, atMs: endedAtMs } = entry;
    if (event === "thread-death" && entry.thread === run.thread) return { endedAtMs, how: "died" };
    if (event === "released" && entry.id === run.id) return { endedAtMs, how: "stopped" };
  }
  return { endedAtMs: undefined, how: undefined };
}

function endsByRun(entries: readonly Entry[]): ReadonlyMap<string, Array<EntryOf<"end">>> {
  const ends = new Map<string, Array<EntryOf<"end">>>();
  for (const entry of entries) {
    if (entry.event !== "end") continue;
    const name = `${entry.id} ${entry.attempt}`;
    const all = ends.get(name);
    if (all === undefined) ends.set(name, [entry]);
    else all.push(entry);
  }
  return ends;
}
