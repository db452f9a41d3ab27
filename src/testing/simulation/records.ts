import { DEFAULT_QUEUE } from "../../core/constants.ts";
/** What the history of a run is made of. Times are the world's, in ms. */
import type { Outcome } from "../../core/outcome.ts";
import { TASKS, type JobPlan, type TaskName } from "./scenario.ts";
import type { SimulatedProcess } from "./simulated-process.ts";

/** A job, from the call that asks for it to its end. */
export interface JobRecord {
  readonly key: string;
  /** `undefined` for a run of a periodic task. */
  readonly plan: JobPlan | undefined;
  /** Ids under which it came into the broker. */
  readonly ids: string[];
  /** Known of a run of a periodic task once it is taken. */
  task: TaskName | undefined;
  /** Its id, once `schedule` has resolved. */
  confirmedId: string | undefined;
  state: "outside" | "waiting" | "held" | "succeeded" | "failed";
  enteredAtMs: number;
  /** When it may start. */
  dueAtMs: number;
  /** Its place in the order of its queue; `undefined` if nothing is promised of it. */
  place: number | undefined;
  /** How often an attempt of it was counted as failed. */
  failures: number;
  readonly deliveries: Delivery[];
  readonly executions: Execution[];
  /** Whether the broker was told of it by somebody who did not hold it. */
  wasToldByOther: boolean;
}

/** The broker gave a job to one of its members. */
export interface Delivery {
  readonly job: JobRecord;
  /** Id of the member. */
  readonly holder: string;
  readonly wire: string;
  readonly retries: number;
  readonly takenAtMs: number;
  execution: Execution | undefined;
  /** How the broker was told that it ended, or that the member is dead. */
  end: Outcome["kind"] | "rescued" | undefined;
}

/** A task runs, or ran. */
export interface Execution {
  readonly job: JobRecord;
  readonly process: SimulatedProcess;
  /** Id of the member that its process was. */
  readonly lease: string;
  /** `undefined` if the job was not given to it. */
  readonly delivery: Delivery | undefined;
  readonly args: readonly unknown[];
  readonly startedAtMs: number;
  /** For how long its process had been held before, in ms. */
  readonly heldBeforeMs: number;
  /** How its task ended, if it did. */
  how: "returned" | "threw" | "aborted" | "retried" | undefined;
  /** The code of the reason of its signal, once that has aborted. */
  abortCode: string | undefined;
  abortedAtMs: number | undefined;
  /** When its engine said that it had ended. */
  finishedAtMs: number | undefined;
  durationMs: number | undefined;
}

/** What the broker is told of a job. */
export interface Told {
  readonly holder: string;
  readonly kind: Outcome["kind"];
  readonly job: JobRecord;
  /** The delivery that it ends; `undefined` if the job is not this member's. */
  readonly delivery: Delivery | undefined;
  /** Whether it was told before, in a trip that took the same job again, and whose reply was lost. */
  readonly isRepeated: boolean;
}

/** A call of `stopWorkers` or `close`. */
export interface StopRecord {
  readonly process: SimulatedProcess;
  readonly what: "stop" | "close";
  readonly timeoutMs: number;
  readonly startedAtMs: number;
  readonly heldBeforeMs: number;
  endedAtMs: number | undefined;
}

export function maxRetriesOf({ task }: JobRecord): number {
  return (task && TASKS[task].maxRetries) ?? 0;
}

/** Whether at most one run of it may start. */
export function isAtMostOnce(job: JobRecord): boolean {
  return maxRetriesOf(job) === 0;
}

/** In ms. */
export function timeoutOf({ task }: JobRecord): number | undefined {
  return task && TASKS[task].timeout;
}

export function limitOf({ task }: JobRecord): number {
  return (task && TASKS[task].maxConcurrency) ?? Infinity;
}

export function queueOf({ task }: JobRecord): string {
  return (task && TASKS[task].queue) ?? DEFAULT_QUEUE;
}

/** The arguments that a job is scheduled with: some that a careless copy would change. */
export function argsOf(key: string): readonly unknown[] {
  return [key, { text: '"\\ é\n', digits: Number("0.1234567890123456"), none: [], nothing: {} }];
}

/** A job that nobody has yet. */
export function newJobRecord(key: string, plan: JobPlan | undefined): JobRecord {
  return {
    key,
    plan,
    ids: [],
    task: plan?.task,
    confirmedId: undefined,
    state: "outside",
    enteredAtMs: 0,
    dueAtMs: 0,
    place: undefined,
    failures: 0,
    deliveries: [],
    executions: [],
    wasToldByOther: false,
  };
}

/** A run that begins. */
export function newExecution(
  begun: Pick<Execution, "job" | "process" | "lease" | "args" | "startedAtMs">,
): Execution {
  const { job, process, lease } = begun;
  return {
    ...begun,
    delivery: job.deliveries.findLast((each) => each.holder === lease && !each.execution),
    heldBeforeMs: process.heldMs,
    how: undefined,
    abortCode: undefined,
    abortedAtMs: undefined,
    finishedAtMs: undefined,
    durationMs: undefined,
  };
}
