import type { JobRequest } from "../core/batch.ts";
import type { Job } from "../core/job.ts";
import { checkDate, checkDelay } from "../core/option-checks.ts";
import type { CallArgs, Task, TaskReference } from "../core/task.ts";
import { currentSource } from "./current-job.ts";

/** The engine whose job is running, as its task can use it from whatever thread it runs in. */
export interface CurrentEngine {
  /** Schedules a job, as `engine.schedule` does. */
  schedule(task: string, ...args: unknown[]): Promise<Job>;
  schedule<Args extends unknown[], Result>(
    task: Task<Args, Result>,
    ...args: CallArgs<Args>
  ): Promise<Job>;
  /** Schedules a job to run at a date, as `engine.scheduleAt` does. */
  scheduleAt(task: string, at: Date, ...args: unknown[]): Promise<Job>;
  scheduleAt<Args extends unknown[], Result>(
    task: Task<Args, Result>,
    at: Date,
    ...args: CallArgs<Args>
  ): Promise<Job>;
  /** Schedules a job to run a time in ms after the store has it, as `engine.scheduleIn` does. */
  scheduleIn(task: string, ms: number, ...args: unknown[]): Promise<Job>;
  scheduleIn<Args extends unknown[], Result>(
    task: Task<Args, Result>,
    ms: number,
    ...args: CallArgs<Args>
  ): Promise<Job>;
  /**
   * Blocks this thread until the broker has the job; for tasks on threads that do not await.
   * @throws what `schedule` rejects with
   * @throws TypeError on the thread of the engine itself, which cannot wait for itself
   */
  scheduleSync(task: string, ...args: unknown[]): Job;
  scheduleSync<Args extends unknown[], Result>(
    task: Task<Args, Result>,
    ...args: CallArgs<Args>
  ): Job;
  /** Like `scheduleSync`, to run at a date. */
  scheduleAtSync(task: string, at: Date, ...args: unknown[]): Job;
  scheduleAtSync<Args extends unknown[], Result>(
    task: Task<Args, Result>,
    at: Date,
    ...args: CallArgs<Args>
  ): Job;
  /** Like `scheduleSync`, to run a time in ms after the store has it. */
  scheduleInSync(task: string, ms: number, ...args: unknown[]): Job;
  scheduleInSync<Args extends unknown[], Result>(
    task: Task<Args, Result>,
    ms: number,
    ...args: CallArgs<Args>
  ): Job;
}

/** @internal How requests get from a task to the engine. */
export interface SchedulingPort {
  schedule(request: JobRequest): Promise<Job>;
  scheduleSync(request: JobRequest): Job;
}

/**
 * Inside a task, and in whatever it calls or awaits: the engine that runs it, to schedule other jobs. Outside:
 * `undefined`.
 *
 * @example
 * const thumbnails = (file: string): void => {
 *   for (const width of [100, 400]) currentEngine()?.scheduleSync("resize", file, width);
 * };
 */
export function currentEngine(): CurrentEngine | undefined {
  return currentSource()?.currentEngine;
}

/** @internal What tasks see of a port. */
export function makeCurrentEngine(port: SchedulingPort): CurrentEngine {
  return {
    schedule: async (task: TaskReference, ...args: unknown[]) =>
      port.schedule({ task, at: undefined, args }),
    scheduleAt: async (task: TaskReference, at: Date, ...args: unknown[]) =>
      port.schedule({ task, at: checkDate("scheduleAt: at", at), args }),
    scheduleIn: async (task: TaskReference, ms: number, ...args: unknown[]) =>
      port.schedule({ task, at: undefined, delayMs: checkDelay("scheduleIn: ms", ms), args }),
    scheduleSync: (task: TaskReference, ...args: unknown[]) =>
      port.scheduleSync({ task, at: undefined, args }),
    scheduleAtSync: (task: TaskReference, at: Date, ...args: unknown[]) =>
      port.scheduleSync({ task, at: checkDate("scheduleAtSync: at", at), args }),
    scheduleInSync: (task: TaskReference, ms: number, ...args: unknown[]) =>
      port.scheduleSync({
        task,
        at: undefined,
        delayMs: checkDelay("scheduleInSync: ms", ms),
        args,
      }),
  };
}

/** @internal For tasks on the thread of the engine itself. */
export function localEngine(schedule: SchedulingPort["schedule"]): CurrentEngine {
  return makeCurrentEngine({
    schedule,
    scheduleSync: () => {
      throw new TypeError(
        "scheduleSync would block the event loop that must bring the job to the broker: " +
          "await schedule() here, or run the task on threads",
      );
    },
  });
}
