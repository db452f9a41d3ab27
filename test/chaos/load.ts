/** What the jobs of a run are: which tasks, and what each job does. */

/** A task, as the producer, the workers and the rules know it. */
export interface LoadTask {
  /** Of at-most-once tasks 0. */
  readonly maxRetries: number;
  readonly maxConcurrency?: number;
  readonly timeout?: number;
  /** Parts of a hundred of all jobs. */
  readonly share: number;
  /** Range of the length of a run, in ms. */
  readonly lasts: readonly [shortest: number, longest: number];
  /** Whether the run blocks the event loop for that long. */
  readonly blocks?: boolean;
  /** Part of the jobs that throw in their first attempts. */
  readonly failing?: number;
  /** Part of the jobs that give themselves up. */
  readonly aborting?: number;
  /** Range of the length of what a run is given beside the rest. */
  readonly letters?: readonly [fewest: number, most: number];
}

const LOAD: Readonly<Record<string, LoadTask>> = {
  once: { maxRetries: 0, share: 32, lasts: [0, 3], failing: 0.05 },
  onceLimited: { maxRetries: 0, maxConcurrency: 3, share: 8, lasts: [0, 20] },
  onceLong: { maxRetries: 0, share: 0.5, lasts: [1000, 4000] },
  retried: { maxRetries: 5, share: 40, lasts: [0, 3], failing: 0.05, aborting: 0.02 },
  retriedLimited: { maxRetries: 8, maxConcurrency: 4, share: 12, lasts: [0, 30], failing: 0.1 },
  retriedLong: { maxRetries: 6, share: 1, lasts: [1000, 6000] },
  hanging: { maxRetries: 1, timeout: 300, share: 0.3, lasts: [20_000, 30_000] },
  onceLarge: { maxRetries: 0, share: 0.2, lasts: [0, 3], letters: [10_000, 200_000] },
  retriedLarge: {
    maxRetries: 5,
    share: 0.3,
    lasts: [0, 3],
    failing: 0.3,
    letters: [10_000, 200_000],
  },
  // Longer than a lease: its process must keep its jobs all the same.
  blocking: { maxRetries: 4, share: 0.05, lasts: [500, 8000], blocks: true },
};

export const LOAD_NAMES: readonly string[] = Object.keys(LOAD);

/** Periodic tasks by name: their period, in ms. */
export const PERIODS: Readonly<Record<string, number>> = { beat: 1000, slowBeat: 3000 };

/** What the producer tells one job to do. */
export interface JobPlan {
  /** How long it runs, in ms. */
  readonly lastsMs: number;
  /** How many of its first attempts throw. */
  readonly throws: number;
  /** Whether it gives itself up when it no longer throws. */
  readonly aborts: boolean;
  /** Whether its first attempt ends its thread. */
  readonly dies: boolean;
  /** How long its text is. */
  readonly letters: number;
}

/** Arguments that a careless script would change, and their text. */
export const PAYLOAD: readonly unknown[] = [
  [],
  {},
  // 17 digits each.
  0.1 + 0.2,
  2 ** 60,
  "\u2028 \\u0000 ä 🥬",
  { nested: [[], [{}]] },
];

export const PAYLOAD_TEXT: string = JSON.stringify(PAYLOAD);

/** The text that a job is given beside the rest: its own, so that no two are alike. */
export function textOf(key: string, { letters }: JobPlan): string {
  return `${key} `.repeat(Math.ceil(letters / (key.length + 1))).slice(0, letters);
}

/** @returns `undefined` for a task that is not of the load: a periodic one */
export function loadTask(name: string): LoadTask | undefined {
  return Object.hasOwn(LOAD, name) ? LOAD[name] : undefined;
}
