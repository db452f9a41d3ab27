import { MAX_COUNT, MAX_TIMER_MS } from "./constants.ts";
import type { Kwargs } from "./kwargs.ts";
import { checkInteger, checkQueue, describe } from "./option-checks.ts";

/** What one job may have of its own, instead of what its task says. */
export interface JobOptions {
  /** Queue to put it in. It must not start with `_`. @defaultValue `"spinach"` */
  readonly queue?: string | undefined;
  /**
   * How often it is tried again after a failure, up to 2^31 - 1. 0 makes it at-most-once: it starts once or never.
   * More makes it at-least-once: it runs until it succeeds or has failed `1 + maxRetries` times.
   * @defaultValue 0
   */
  readonly maxRetries?: number | undefined;
  /**
   * Longest run in ms, from 1 to 2^31 - 1. Then the job's signal aborts; a task that ignores it is
   * given up after a grace, and the job has failed. @defaultValue none
   */
  readonly timeout?: number | undefined;
}

/** What all jobs of a task share. */
export interface TaskOptions extends JobOptions {
  /** Runs it every so many ms, from 1 to 100 years, once in the whole cluster, without arguments. */
  readonly periodicity?: number | undefined;
  /** Most jobs of it running at once in the whole cluster, from 1 to 2^31 - 1. */
  readonly maxConcurrency?: number | undefined;
  /**
   * Fewest arguments a job must have. @defaultValue the function's `length`, which counts the
   * parameters before the first default; set it if you use TypeScript's `b?`.
   */
  readonly requiredArgs?: number | undefined;
}

/** @internal Their names. */
export const JOB_OPTIONS: readonly string[] = ["queue", "maxRetries", "timeout"];

/** @internal Their names. */
export const TASK_OPTIONS: readonly string[] = [
  ...JOB_OPTIONS,
  "periodicity",
  "maxConcurrency",
  "requiredArgs",
];

/** Any function of any arguments, to be called only with arguments that came with a job. */
export type TaskFunction = (this: void, ...args: never[]) => unknown;

/** A task as the engine knows it: every option checked and filled in. */
export interface TaskDefinition {
  readonly name: string;
  readonly queue: string;
  readonly maxRetries: number;
  readonly periodicityMs: number | undefined;
  readonly maxConcurrency: number | undefined;
  readonly timeoutMs: number | undefined;
  readonly requiredArgs: number;
  /** `undefined` for a task that is only declared: its function lives elsewhere. */
  readonly fn: TaskFunction | undefined;
  /** URL of the module that threads import to get the function. */
  readonly module: string | undefined;
}

/** A task that this process can run. */
export interface RunnableTask extends TaskDefinition {
  readonly fn: TaskFunction;
}

/** Whether this process has the task's function. */
export function isRunnable(definition: TaskDefinition): definition is RunnableTask {
  return definition.fn !== undefined;
}

/**
 * A registered task: still callable as its function, and what `schedule` takes.
 *
 * `Args` is what its jobs take, `Result` what the function returns.
 */
export interface Task<Args extends readonly unknown[] = never, Result = unknown> {
  (...args: Args): Result;
  readonly taskName: string;
  /** The same task with other options, for one schedule call. */
  with(options: JobOptions): Task<Args, Result>;
  /** What `with` has changed. */
  readonly jobOptions: JobOptions;
}

/** The task of a function. */
export type TaskOf<Fn extends TaskFunction> = Task<Parameters<Fn>, ReturnType<Fn>>;

/** Arguments of a call: the function's own, the last of which may come as `kwargs({...})`. */
export type CallArgs<Args extends readonly unknown[]> = Args extends readonly [
  ...infer Head,
  infer Last,
]
  ? [...Args] | [...Head, LastAsKwargs<Last>]
  : Args extends readonly [...infer Head, (infer Last)?]
    ? [...Args] | [...Head, LastAsKwargs<Last>]
    : [...Args];

/** A last argument given as `kwargs({...})`, where it is an object. */
type LastAsKwargs<Last> = Last extends object ? Kwargs<Last> : never;

/** A task, or the name of one. A name takes any arguments: only a task knows their types. */
export type TaskReference = string | Pick<Task, "taskName" | "jobOptions">;

/**
 * @internal
 * @throws TypeError if it is neither a task nor a name
 */
export function checkTaskReference(task: unknown): void {
  if (typeof task === "string") return;
  if (typeof task === "function" && "taskName" in task) return;
  const hint = typeof task === "function" ? ": register it with engine.task()" : "";
  throw new TypeError(`expected a task or the name of one, got ${describe(task)}${hint}`);
}

/**
 * @internal
 * Returns the options of a job alone, those that are given.
 * @throws TypeError or RangeError naming the option, its rule and the value
 */
export function checkJobOptions(owner: string, options: JobOptions): JobOptions {
  const { queue, maxRetries, timeout } = options;
  if (queue !== undefined) checkQueue(`${owner}: queue`, queue);
  if (maxRetries !== undefined) {
    checkInteger(`${owner}: maxRetries`, maxRetries, { min: 0, max: MAX_COUNT });
  }
  if (timeout !== undefined) {
    checkInteger(`${owner}: timeout`, timeout, { min: 1, max: MAX_TIMER_MS, unit: "ms" });
  }
  return definedOnly({ queue, maxRetries, timeout });
}

/** @internal An option given as undefined is one that is not given. */
export function definedOnly(options: TaskOptions): TaskOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
