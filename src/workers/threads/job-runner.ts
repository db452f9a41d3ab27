import { decodeJob } from "../../core/job-codec.ts";
import { JobStatus } from "../../core/job-status.ts";
import type { RunnableTask } from "../../core/task.ts";
import { TaskNotInThreadsError } from "../../core/thread-errors.ts";
import type { Runtime } from "../../platform/runtime.ts";
import type { CurrentEngine } from "../current-engine.ts";
import { Execution, type ExecutionContext } from "../execution.ts";
import type { FinishedJob } from "../workers.ts";
import { decodeThrown, encodeThrown, type Crossing } from "./crossing-error.ts";
import type { JobItem } from "./job-item.ts";
import type { ProgressWriter } from "./progress.ts";
import type { FromThread } from "./protocol.ts";
import type { Post } from "./thread-logger.ts";

/** What a thread runs jobs with. */
export interface JobRunnerParts {
  readonly tasks: ReadonlyMap<string, RunnableTask>;
  readonly progress: ProgressWriter;
  readonly post: Post;
  readonly runtime: Runtime;
  readonly timeoutGraceMs: number;
  readonly wantsResults: boolean;
  readonly engine: CurrentEngine;
  /** Called before a task reads whether its signal has aborted: a task that blocks hears nothing otherwise. */
  readonly hearAborts: () => void;
}

interface Run {
  readonly id: number;
  readonly execution: Execution;
  /** Resolved at its end, if somebody waits for that. */
  ended: (() => void) | undefined;
}

/** Runs jobs in their thread, and tells the pool how they ended. */
export class JobRunner {
  readonly #parts: JobRunnerParts;
  readonly #context: ExecutionContext;
  readonly #runs = new Map<number, Run>();
  readonly #runOf = new Map<Execution, Run>();

  constructor(parts: JobRunnerParts) {
    this.#parts = parts;
    this.#context = {
      runtime: parts.runtime,
      engine: parts.engine,
      timeoutGraceMs: parts.timeoutGraceMs,
      onFinished: this.#onFinished,
      beforeSignalRead: parts.hearAborts,
    };
  }

  /** Starts a job. Returns a promise of its end, or undefined if it has ended already. */
  run(item: JobItem): Promise<void> | undefined {
    const { id, timeoutMs, wire } = item;
    const stored = decodeJob(wire, JobStatus.RUNNING);
    const task = this.#parts.tasks.get(stored.job.taskName);
    if (task === undefined) {
      this.#fail(id, 0, new TaskNotInThreadsError(stored.job.taskName, true));
      return undefined;
    }
    // The timeout is that of the main thread: what was registered there is what holds.
    const ownTask = task.timeoutMs === timeoutMs ? task : { ...task, timeoutMs };
    const run: Run = {
      id,
      execution: new Execution(stored, ownTask, this.#context),
      ended: undefined,
    };
    this.#runs.set(id, run);
    this.#runOf.set(run.execution, run);
    run.execution.start();
    if (!this.#runs.has(id)) return undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    run.ended = resolve;
    return promise;
  }

  /** Aborts the signal of a job, if it still runs. */
  abort(id: number, reason: Crossing): void {
    const error = decodeThrown(reason);
    if (error instanceof Error) this.#runs.get(id)?.execution.abort(error);
  }

  readonly #onFinished = (execution: Execution, { result, durationMs }: FinishedJob): void => {
    const run = this.#runOf.get(execution);
    if (run === undefined) return;
    this.#runOf.delete(execution);
    this.#runs.delete(run.id);
    if (result.ok) this.#succeed(run.id, durationMs, result.value);
    else this.#fail(run.id, durationMs, result.error, result.interrupted);
    run.ended?.();
  };

  #succeed(id: number, durationMs: number, value: unknown): void {
    const { wantsResults, progress } = this.#parts;
    if (!wantsResults) {
      progress.succeeded(id, durationMs);
      return;
    }
    try {
      this.#tell({ type: "succeeded", id, durationMs, value });
    } catch (error) {
      this.#fail(id, durationMs, error);
    }
  }

  #fail(id: number, durationMs: number, thrown: unknown, interrupted = false): void {
    const error = encodeThrown(thrown);
    this.#tell({ type: "failed", id, durationMs, error, interrupted });
  }

  #tell(end: FromThread & { readonly id: number }): void {
    const { post, progress } = this.#parts;
    post(end);
    // Before another job starts here: who would end this one, with its thread, must see that it has ended.
    progress.told(end.id);
  }
}
