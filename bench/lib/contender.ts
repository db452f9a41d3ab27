import type { PoolName } from "./job-pool.ts";

/** On Redis: the project, its peer, and the bare commands that no queue on Redis can go below. */
export type QueueName = "spinach" | "bullmq" | "floor";

/** Who is measured. */
export type ContenderName = QueueName | PoolName;

/** In the order in which they run, with their names in the report. */
export const CONTENDERS: Readonly<Record<ContenderName, string>> = {
  spinach: "Spinach",
  bullmq: "BullMQ",
  floor: "floor",
  piscina: "Piscina",
  "piscina-10": "Piscina, 10 a thread",
  tinypool: "Tinypool",
  loop: "event loop",
};

/** A contender, as every scenario uses it. Jobs are numbered; the number is all that a job carries. */
export interface Contender {
  /** Connects what schedules jobs. */
  open(): Promise<void>;
  /** Schedules `count` jobs from number `first` on, in one call. */
  enqueueBatch(first: number, count: number): Promise<void>;
  enqueueOne(index: number): Promise<void>;
  /** Starts running jobs, `concurrency` at once, each a call of `onJob` inside an async function. */
  startWorkers(concurrency: number, onJob: (index: number) => void): Promise<void>;
  /** The list in Redis whose length is the number of waiting jobs. */
  readonly queueKey: string;
  /** The keys in Redis that exist while jobs wait or run. */
  readonly jobKeys: readonly string[];
  /** Ends the workers after they have settled every job that ran, and disconnects. */
  close(): Promise<void>;
}

/** Loads only the one that is measured, so that memory and start are its own. */
export async function loadContender(name: ContenderName, port: number): Promise<Contender> {
  switch (name) {
    case "spinach": {
      const { SpinachContender } = await import("../contenders/spinach.ts");
      return new SpinachContender(port);
    }
    case "bullmq": {
      const { BullContender } = await import("../contenders/bullmq.ts");
      return new BullContender(port);
    }
    case "floor": {
      const { FloorContender } = await import("../contenders/floor.ts");
      return new FloorContender(port);
    }
    default:
      throw new Error(`${name} is no queue on Redis: a mistake in a scenario`);
  }
}
