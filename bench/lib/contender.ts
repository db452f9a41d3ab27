import type { Look } from "../servers/look.ts";

/** What a contender is made of: where its server is, and what its jobs carry. */
export interface Setup {
  /** Of the contenders on Redis; 0 for others. */
  readonly redisPort: number;
  /** Of the contenders on PostgreSQL; empty for others. */
  readonly postgresUrl: string;
  /** An empty folder, for those that keep jobs in files. */
  readonly folder: string;
  /** What each job carries beside its number; empty if nothing. */
  readonly payload: string;
}

/** What a job does: it is told its number, and may take a while. */
export type OnJob = (index: number) => void | Promise<void>;

/** A task queue, as every scenario uses it. Jobs are numbered. */
export interface Contender {
  /** Connects what schedules jobs. */
  open(): Promise<void>;
  /** Schedules `count` jobs from number `first` on, in one call if the contender has one. */
  enqueueBatch(first: number, count: number): Promise<void>;
  enqueueOne(index: number): Promise<void>;
  /** Starts running jobs, `concurrency` at once, each a call of `onJob` inside an async function. */
  startWorkers(concurrency: number, onJob: OnJob): Promise<void>;
  /** How many jobs wait, as its server tells. */
  waiting(look: Look): Promise<number>;
  /** How many jobs wait or run, or at least whether there are any; asked for after `close`. */
  left(look: Look): Promise<number>;
  /** Ends the workers after they have settled every job that ran, and disconnects. */
  close(): Promise<void>;
}

/** A setting that differs from what one would write first, and why it is so. */
export type Setting = readonly [setting: string, reason: string];

/** A file of the folder `contenders`. Loading it loads its packages. */
export interface ContenderModule {
  readonly SETTINGS: readonly Setting[];
  /** Not of those that only scenarios of their own use. `variant` as lib/contenders.ts says. */
  readonly create?: (setup: Setup, variant: string) => Contender;
}
