/** What a pool and its threads tell each other: the data a thread starts with, and two closed sets of messages. */
import type { LogLevel } from "../../platform/logger.ts";
import type { QueueyHandle } from "../../queue/queuey-handle.ts";
import type { Crossing } from "./crossing-error.ts";
import type { ProgressHandle } from "./progress.ts";
import type { ScheduleReply } from "./schedule-wire.ts";

/** How a thread waits for its next job. */
export type Idle = "block" | "loop";

/** A module to import, and the tasks that it must give. */
export interface TaskModule {
  readonly url: string;
  readonly taskNames: readonly string[];
}

/** What a thread schedules jobs with. */
export interface SchedulingHandles {
  /** The number of the thread in its pool. */
  readonly thread: number;
  readonly calls: QueueyHandle;
  /** For calls that block. */
  readonly replies: QueueyHandle;
}

/** `workerData` of a thread. */
export interface ThreadData {
  /** Tells it from the data of other threads. */
  readonly kind: "spinach.thread";
  readonly modules: readonly TaskModule[];
  /** Where jobs wait: a Queuey of texts, see job-item.ts. */
  readonly jobs: QueueyHandle;
  readonly progress: ProgressHandle;
  readonly scheduling: SchedulingHandles;
  /** Jobs at once. */
  readonly slots: number;
  readonly idle: Idle;
  /** When the thread itself gives up a task that ignores its timeout, in ms; Infinity if it is killed instead. */
  readonly timeoutGraceMs: number;
  /** After how many jobs it ends. */
  readonly maxJobs: number;
  /** Levels that are written. */
  readonly levels: readonly LogLevel[];
  readonly wantsResults: boolean;
}

/** From the pool to a thread. */
export type ToThread =
  /** Take jobs. */
  | { readonly type: "go" }
  /** Abort the signal of a job. */
  | { readonly type: "abort"; readonly id: number; readonly reason: Crossing }
  /** A call to schedule a job, that does not block, has ended. */
  | { readonly type: "scheduled"; readonly call: number; readonly reply: ScheduleReply };

/** From a thread to the pool. That a job started or succeeded is in its progress instead. */
export type FromThread =
  /** It imports this module next; `undefined` when it has. */
  | { readonly type: "loading"; readonly module: string | undefined }
  /** All modules are there; it waits for `go`. */
  | { readonly type: "ready" }
  /** It cannot serve, and ends. */
  | { readonly type: "refused"; readonly error: Crossing }
  /** Only if the results are wanted. */
  | {
      readonly type: "succeeded";
      readonly id: number;
      readonly durationMs: number;
      readonly value: unknown;
    }
  | {
      readonly type: "failed";
      readonly id: number;
      readonly durationMs: number;
      readonly error: Crossing;
      readonly interrupted: boolean;
    }
  /** It has taken its last job but a few: another thread should get ready. */
  | { readonly type: "retiring" }
  | {
      readonly type: "log";
      readonly level: LogLevel;
      readonly fields: Readonly<Record<string, Crossing>>;
      readonly message: string;
    };

/** What a thread says once it is ready. */
export type FromReady = Exclude<FromThread, { readonly type: "loading" | "ready" | "refused" }>;

/** Whether `workerData` is that of a thread of ours. */
export function isThreadData(data: unknown): data is ThreadData {
  return (
    typeof data === "object" && data !== null && "kind" in data && data.kind === "spinach.thread"
  );
}
