/**
 * What one run of the simulation does, as plain data: a seed makes it, a report shows it, and shrinking
 * leaves parts of it out.
 */
import type { TaskOptions } from "../../core/task.ts";
import type { BrokerCall } from "../fault-broker.ts";

/** Names of the tasks that every simulated process has. */
export type TaskName =
  | "once"
  | "again"
  | "timedOnce"
  | "timed"
  | "limitedOnce"
  | "limited"
  | "other"
  | "beat";

/** Their options. */
export const TASKS: Readonly<Record<TaskName, TaskOptions>> = {
  once: {},
  again: { maxRetries: 2 },
  timedOnce: { timeout: 1500 },
  timed: { maxRetries: 1, timeout: 1500 },
  limitedOnce: { maxConcurrency: 1 },
  limited: { maxConcurrency: 2, maxRetries: 2 },
  other: { queue: "other", maxRetries: 1 },
  beat: { periodicity: 7000 },
};

export function isTaskName(name: string): name is TaskName {
  return Object.hasOwn(TASKS, name);
}

/** Queues of the tasks above. */
export const QUEUES: readonly string[] = ["spinach", "other"];

/**
 * How one run of a task goes: `return`, `throw`, `abort` (AbortError) and `retry` (RetryError with a date) do so
 * after `ms`; `obey` waits for its signal and throws its reason, `finish` waits for it and returns, `deaf` never
 * ends; `die` takes its process along; `schedule` schedules a job, then returns.
 */
export interface Behaviour {
  readonly how:
    | "return"
    | "throw"
    | "abort"
    | "retry"
    | "obey"
    | "finish"
    | "deaf"
    | "die"
    | "schedule";
  /** 0 is at once, in the call itself. */
  readonly ms: number;
}

/** A job to schedule. */
export interface JobPlan {
  /** Its first argument, by which it is known. */
  readonly key: string;
  readonly task: TaskName;
  /**
   * How long from now it is due, in ms, `undefined` for at once: at a date by the clock of who schedules it, but an odd
   * number is a delay by the clock of the store.
   */
  readonly inMs: number | undefined;
  /** One for each run; the last one is that of all further runs, unless it hangs. */
  readonly runs: readonly Behaviour[];
}

/** How long after the store has it a job is due, in ms; `undefined` if it is not due by a delay. */
export function delayOf({ inMs }: JobPlan): number | undefined {
  return inMs !== undefined && inMs % 2 === 1 ? inMs : undefined;
}

/** Workers on one queue. */
export interface WorkersPlan {
  readonly queue: string;
  readonly number: number;
  readonly stopWhenQueueEmpty: boolean;
}

/** A process of the cluster. */
export interface ProcessPlan {
  /** How far its clock is ahead of the broker's, in ms. */
  readonly skewMs: number;
  /** Of its program: the limit that it states for a task of which nobody schedules jobs. */
  readonly release: number;
  readonly workers: readonly WorkersPlan[];
}

/**
 * What becomes of one call of the broker: `before`: it fails without effect. `after`: it takes effect, and fails.
 * `late`: it fails, and takes effect up to 50 s later. `silent`: it takes effect and nothing comes back until
 * the broker's own deadline; `hang`: not even that. `slow`: the reply takes seconds. `overdue`: it fails by its
 * deadline, and the reply comes after that.
 */
export type Fate = "before" | "after" | "late" | "silent" | "hang" | "slow" | "overdue";

/** Something that is done to a process. */
export type Trouble =
  /** The next such call meets this fate. */
  | { readonly what: "fate"; readonly call: BrokerCall; readonly fate: Fate }
  /** Nothing gets through to the broker and back; heartbeats neither. */
  | { readonly what: "disconnect"; readonly forMs: number }
  /** Nobody gets through. */
  | { readonly what: "outage"; readonly forMs: number }
  /** It stands still as a whole. */
  | { readonly what: "freeze"; readonly forMs: number }
  /** Its event loop is blocked; the heartbeat thread goes on. */
  | { readonly what: "block"; readonly forMs: number }
  /** Its wall clock is set forward or back. */
  | { readonly what: "jump"; readonly byMs: number }
  | { readonly what: "kill" }
  /** Somebody takes its jobs over though it is well. */
  | { readonly what: "condemn" }
  /** A new process in the place of one that is dead or closed. */
  | { readonly what: "boot" };

/** Something that its program does. */
export type Move =
  /** One job, or more as a batch. */
  | { readonly what: "schedule"; readonly jobs: readonly JobPlan[] }
  | { readonly what: "stop"; readonly timeoutMs: number }
  | { readonly what: "start" }
  | { readonly what: "close"; readonly timeoutMs: number };

export type Action = Trouble | Move;

/** An action, when, and on which process. */
export type Step = Action & {
  /** Simulated time, in ms from the start. */
  readonly atMs: number;
  /** Index in `processes`. */
  readonly process: number;
};

export interface Scenario {
  /** Decides latencies, and which of the callbacks that are ready runs first. */
  readonly seed: number;
  /** Whether the processes have the periodic task. */
  readonly hasBeat: boolean;
  readonly processes: readonly ProcessPlan[];
  /** By time. */
  readonly steps: readonly Step[];
}

/** Whether nothing goes wrong and everybody has room: then all must also be on time. */
export function isCalm({ steps, processes }: Scenario): boolean {
  const hasRoom = processes.every(({ workers }) => workers.every(({ number }) => number >= 10));
  return hasRoom && steps.every(({ what }) => what === "schedule");
}
