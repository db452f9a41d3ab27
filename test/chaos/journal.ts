import { openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { basename, join } from "node:path";

/** How a run of a job ended, as its task sees it. */
export type RunEnd =
  /** It returned. */
  | "ok"
  /** It threw: by its plan, or because of its timeout. */
  | "threw"
  /** It threw AbortError: never again. */
  | "aborted"
  /** A stop of its workers cut it short. */
  | "stopped"
  /** Its thread ended under it. */
  | "died"
  /** Its signal said that its process had lost its lease. */
  | "fenced";

/** One line of a journal. `atMs` is the monotonic clock of the machine, which all its processes share. */
export type Entry = { readonly atMs: number } & (
  | { readonly event: "intend"; readonly jobs: readonly Intention[] }
  /** In the same order. */
  | {
      readonly event: "acknowledged";
      readonly keys: readonly string[];
      readonly ids: readonly string[];
    }
  /** Not scheduled, or not known to be: `why` says which. */
  | { readonly event: "refused"; readonly keys: readonly string[]; readonly why: string }
  | RunStart
  | { readonly event: "end"; readonly id: string; readonly attempt: number; readonly how: RunEnd }
  /** What arrived is not what was sent. */
  | { readonly event: "corrupt"; readonly key: string }
  /** A thread is about to end, by the plan of one of its jobs. */
  | { readonly event: "thread-death"; readonly thread: number }
  /** The process is this broker from now on. */
  | { readonly event: "broker"; readonly id: string }
  /** It learned that it had lost its lease. */
  | { readonly event: "lost" }
  /** A start that was stopped has been closed; the last one of its process takes no time. */
  | { readonly event: "closed"; readonly tookMs: number }
  /** A stop gave up a job, and puts it back. */
  | { readonly event: "released"; readonly id: string }
  /** It stopped without having told the outcomes of these jobs. */
  | { readonly event: "untold"; readonly ids: readonly string[] }
  /** It took over the jobs of another process; those of these ids may not run again. */
  | {
      readonly event: "rescued";
      readonly broker: string;
      readonly jobs: number;
      readonly failed: readonly string[];
    }
);

export interface RunStart {
  readonly event: "start";
  readonly atMs: number;
  /** The clock on the wall, epoch ms. */
  readonly wallMs: number;
  /** What the producer called it; of a periodic run, its id. */
  readonly key: string;
  readonly id: string;
  readonly task: string;
  /** From 0: how many attempts had failed before. */
  readonly attempt: number;
  /** 0 for the main thread. */
  readonly thread: number;
  /** When it was due, or made, epoch ms. */
  readonly dueMs: number;
}

export interface Intention {
  readonly key: string;
  readonly task: string;
  /** Not before, epoch ms; `undefined` for at once. */
  readonly notBeforeMs?: number;
}

type Omitted<Union> = Union extends unknown ? Omit<Union, "atMs"> : never;

/** Writes one line; what was written survives the death of the process. */
export type Note = (entry: Omitted<Entry>) => void;

/** The environment variable that names the journal of a process, and of its threads. */
export const JOURNAL_VARIABLE = "SPINACH_CHAOS_JOURNAL";

/** Now, in ms, on a clock that all processes of the machine share. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}

/** Opens the journal of this process. */
export function openJournal(): Note {
  // Appended with one write a line: neither threads nor a death can tear one.
  const file = openSync(process.env[JOURNAL_VARIABLE] ?? "", "a");
  return (entry) => {
    writeSync(file, `${JSON.stringify({ atMs: monotonicMs(), ...entry })}\n`);
  };
}

/** The journal of one life of a process, such as `worker1.3`. */
export interface Journal {
  readonly process: string;
  readonly entries: readonly Entry[];
}

export function journalFile(folder: string, processName: string): string {
  return join(folder, `${processName}.jsonl`);
}

export function readJournals(folder: string): readonly Journal[] {
  const files = readdirSync(folder).filter((name) => name.endsWith(".jsonl"));
  return files.map((file) => {
    const lines = readFileSync(join(folder, file), "utf8").split("\n");
    // The last one is empty, or what a process wrote when it died.
    const entries = lines.slice(0, -1).map((line) => JSON.parse(line) as Entry);
    return { process: basename(file, ".jsonl"), entries };
  });
}

export type EntryOf<Event extends Entry["event"]> = Extract<Entry, { readonly event: Event }>;

export function entriesOf<Event extends Entry["event"]>(
  journals: readonly Journal[],
  event: Event,
): ReadonlyArray<EntryOf<Event>> {
  const all = journals.flatMap(({ entries }) => entries);
  return all.filter((entry): entry is EntryOf<Event> => entry.event === event);
}
