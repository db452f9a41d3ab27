import { JobTimeoutError } from "../core/errors.ts";
import { isThenable } from "../core/is-thenable.ts";
import type { StoredJob } from "../core/job.ts";
import { functionArguments } from "../core/new-job.ts";
import type { Result } from "../core/outcome.ts";
import { printable } from "../core/printable.ts";
import type { RunnableTask } from "../core/task.ts";
import { verdictOf } from "../core/thrown.ts";
import { childLogger } from "../platform/logger.ts";
import type { Runtime, Timer } from "../platform/runtime.ts";
import type { CurrentEngine } from "./current-engine.ts";
import { type CurrentJob, type CurrentJobSource, runWithCurrentJob } from "./current-job.ts";
import type { FinishedJob } from "./workers.ts";

/** What an execution needs from its workers. */
export interface ExecutionContext {
  readonly runtime: Runtime;
  /** How long a task may go on after its timeout aborted its signal, in ms; Infinity to leave that to others. */
  readonly timeoutGraceMs: number;
  /** Called once, when the task has ended or was given up. */
  readonly onFinished: (execution: Execution, finished: FinishedJob) => void;
  /** What `currentEngine()` is for the task. */
  readonly engine?: CurrentEngine | undefined;
  /** Called before a task reads whether its signal has aborted; it may abort it. */
  readonly beforeSignalRead?: (() => void) | undefined;
}

/**
 * One run of one job on this thread's event loop.
 *
 * ```
 *   running --task settles------------------------------------------> finished
 *      |                                                                 ^
 *      +--abort(reason): the signal aborts--> aborted --task settles-----+
 *                                                |                       |
 *                                                +--giveUp()-------------+   (the task goes on unheard)
 * ```
 */
export class Execution implements CurrentJobSource {
  readonly stored: StoredJob;
  readonly task: RunnableTask;
  readonly #context: ExecutionContext;
  #startedAtMs = 0;
  #finished = false;
  #timer: Timer | undefined;
  /** Why the job should end, once it should. The first reason stays. */
  #reason: Error | undefined;
  #controller: AbortController | undefined;
  #currentJob: CurrentJob | undefined;

  constructor(stored: StoredJob, task: RunnableTask, context: ExecutionContext) {
    this.stored = stored;
    this.task = task;
    this.#context = context;
  }

  /** Calls the task. Never throws: how it ended goes to `onFinished`, maybe before this returns. */
  start(): void {
    this.#startedAtMs = this.#context.runtime.clock.monotonic();
    this.#startTimeout();
    try {
      const returned = runWithCurrentJob(this, callTask);
      if (isThenable(returned)) returned.then(this.#succeed, this.#fail);
      else this.#succeed(returned);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Aborts the signal. The task may still end as it likes. */
  abort(reason: Error): void {
    if (this.#finished || this.#reason !== undefined) return;
    this.#reason = reason;
    // As the task itself: a listener of the signal may ask for its job.
    runWithCurrentJob(this, abortSignal);
  }

  /** Tells whoever listens to the signal, if it was asked for. */
  abortSignal(): void {
    this.#controller?.abort(this.#reason);
  }

  /** Ends the job with the reason of its abort; what its task still does is not heard. */
  giveUp(): void {
    if (this.#reason === undefined) return;
    this.#finish({ ok: false, error: this.#reason, interrupted: true });
  }

  get currentEngine(): CurrentEngine | undefined {
    return this.#context.engine;
  }

  get currentJob(): CurrentJob {
    this.#currentJob ??= this.#makeCurrentJob();
    return this.#currentJob;
  }

  readonly #succeed = (value: unknown): void => {
    this.#finish({ ok: true, value });
  };

  readonly #fail = (error: unknown): void => {
    const explained = this.#explain(error);
    this.#finish({ ok: false, error: explained, interrupted: explained === this.#reason });
  };

  /** A task that was told to end and threw has most likely done as told; unless it says otherwise. */
  #explain(error: unknown): unknown {
    const reason = this.#reason;
    if (reason === undefined || error === reason) return error;
    if (verdictOf(error) !== undefined) return error;
    if (reason.cause === undefined) reason.cause = error;
    return reason;
  }

  #finish(result: Result): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#timer?.cancel();
    const durationMs = this.#context.runtime.clock.monotonic() - this.#startedAtMs;
    this.#context.onFinished(this, { stored: this.stored, result, durationMs });
  }

  #startTimeout(): void {
    const timeoutMs = this.stored.job.timeoutMs ?? this.task.timeoutMs;
    if (timeoutMs === undefined) return;
    const { runtime, timeoutGraceMs } = this.#context;
    this.#timer = runtime.timers.set(() => {
      if (timeoutGraceMs < Infinity) {
        this.#timer = runtime.timers.set(() => {
          this.giveUp();
        }, timeoutGraceMs);
      }
      this.abort(new JobTimeoutError(this.task.name, timeoutMs));
    }, timeoutMs);
  }

  #makeCurrentJob(): CurrentJob {
    const { job } = this.stored;
    const controller = new AbortController();
    if (this.#reason !== undefined) controller.abort(this.#reason);
    this.#controller = controller;
    if (this.#context.beforeSignalRead !== undefined) {
      askBeforeRead(controller.signal, this.#context.beforeSignalRead);
    }
    return {
      ...job,
      signal: controller.signal,
      logger: childLogger(this.#context.runtime.logger, {
        job: printable(job.id),
        task: this.task.name,
      }),
    };
  }
}

/**
 * Code that blocks its thread gives no event a chance, so its signal would never abort. It can read the
 * signal in its loop, though: then it is asked for.
 */
function askBeforeRead(signal: AbortSignal, ask: () => void): void {
  const read = (name: "aborted" | "reason"): PropertyDescriptor => ({
    get: () => {
      ask();
      const value: unknown = Reflect.get(AbortSignal.prototype, name, signal);
      return value;
    },
    configurable: true,
  });
  Object.defineProperties(signal, {
    aborted: read("aborted"),
    reason: read("reason"),
    throwIfAborted: {
      value: () => {
        ask();
        AbortSignal.prototype.throwIfAborted.call(signal);
      },
      configurable: true,
    },
  });
}

function abortSignal(execution: Execution): void {
  execution.abortSignal();
}

/** Not a closure: one would be made for each job. */
function callTask({ task, stored }: Execution): unknown {
  return Reflect.apply(task.fn, undefined, functionArguments(stored.job, task));
}
