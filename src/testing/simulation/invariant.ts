import type { Delivery, Execution, JobRecord, StopRecord, Told } from "./records.ts";
import type { TaskName } from "./scenario.ts";
import type { SimulatedProcess } from "./simulated-process.ts";

/** What an invariant is asked about, as it happens. */
export interface Facts {
  /** `schedule` has resolved. */
  readonly confirmed: JobRecord;
  /** A scheduled job came into the broker. */
  readonly entered: JobRecord;
  /** A periodic task's job was made. */
  readonly made: JobRecord;
  /** The broker gives a job out: before it is noted. */
  readonly taken: Delivery;
  /** The broker hears of a job: before it is noted. */
  readonly told: Told;
  /** A process has stated its tasks: which limit must count of the task that releases differ in, and which does. */
  readonly released: { readonly expected: number | undefined; readonly limit: number | undefined };
  readonly started: Execution;
  readonly finished: Execution;
  /** A run of a process that has heard that its lease is lost. */
  readonly lost: Execution;
  readonly stopped: StopRecord;
  /** Something that a program called rejected. */
  readonly refused: unknown;
  /** A rejection that nobody handled. */
  readonly rejected: unknown;
  /** Before all close: every job should have ended. */
  readonly rested: Past;
  /** All is over. */
  readonly ended: Past;
  /** What is found of the limits of tasks at the end: by task, how many jobs can be taken at once. */
  readonly probed: ReadonlyMap<TaskName, number>;
}

/** All that happened so far. Times are the world's, in ms. */
export interface Past {
  readonly nowMs: number;
  readonly jobs: readonly JobRecord[];
  readonly executions: readonly Execution[];
  readonly stops: readonly StopRecord[];
  readonly processes: readonly SimulatedProcess[];
  /** Ids that the cluster gave up. */
  readonly condemned: ReadonlySet<string>;
  /** Whether nothing goes wrong in this run, so that everything must also be on time. */
  readonly isCalm: boolean;
  /** Whether there is a periodic task. */
  readonly hasBeat: boolean;
  /** When the last fault ended, if it has. */
  readonly healedAtMs: number | undefined;
  /** When the periodic task was first stated. */
  readonly statedAtMs: number | undefined;
  /** Ids of the jobs that somebody could have taken at the end. */
  readonly leftInBroker: ReadonlySet<string>;
}

/** What is wrong with a fact, or `undefined`. */
export type Checks = {
  readonly [Fact in keyof Facts]?: (fact: Facts[Fact], past: Past) => string | undefined;
};

/** A promise, as checks of the facts that could break it. */
export interface Invariant extends Checks {
  /** Starts with the number of the promise. */
  readonly name: string;
}
