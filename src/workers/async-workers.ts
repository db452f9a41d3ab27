import { MAX_TIMER_MS } from "../core/constants.ts";
import { WorkersStoppedError } from "../core/errors.ts";
import type { StoredJob } from "../core/job.ts";
import { checkInteger, checkOptions } from "../core/option-checks.ts";
import type { RunnableTask } from "../core/task.ts";
import { Execution, type ExecutionContext } from "./execution.ts";
import { StopSequence } from "./stop-sequence.ts";
import type { FinishedJob, Workers, WorkersContext } from "./workers.ts";

/** Options of coroutine workers. */
export interface AsyncWorkersOptions {
  /** Jobs at once, at least 1. @defaultValue 5 */
  readonly number?: number | undefined;
  /** Threads to spread them over; 0 is this thread's event loop, and all there is so far. */
  readonly threads?: number | undefined;
  /**
   * How long a task that ignores its timeout's signal may go on before it is given up, in ms, at
   * least 0. @defaultValue 5_000
   */
  readonly timeoutGrace?: number | undefined;
}

const DEFAULT_NUMBER = 5;
const DEFAULT_TIMEOUT_GRACE_MS = 5000;

/**
 * Runs jobs as coroutines on this thread's event loop. There is no queue of waiting jobs here: a job is
 * submitted only when a slot is free, and starts at once.
 *
 * @example
 * await spin.run({ workers: new AsyncWorkers({ number: 256 }) });
 */
export class AsyncWorkers implements Workers {
  readonly number: number;
  readonly #timeoutGraceMs: number;
  readonly #running = new Set<Execution>();
  readonly #stopSequence = new StopSequence();
  #started: { readonly workers: WorkersContext; readonly execution: ExecutionContext } | undefined;

  /** @throws TypeError or RangeError if an option is not valid */
  constructor(options: AsyncWorkersOptions = {}) {
    checkOptions("AsyncWorkers", options, ["number", "threads", "timeoutGrace"]);
    const { number = DEFAULT_NUMBER, threads = 0 } = options;
    const { timeoutGrace = DEFAULT_TIMEOUT_GRACE_MS } = options;
    this.number = checkInteger("AsyncWorkers: number", number, { min: 1 });
    this.#timeoutGraceMs = checkInteger("AsyncWorkers: timeoutGrace", timeoutGrace, {
      min: 0,
      max: MAX_TIMER_MS,
      unit: "ms",
    });
    if (checkInteger("AsyncWorkers: threads", threads, { min: 0 }) > 0) {
      throw new RangeError(
        `AsyncWorkers: threads must be 0 in this version, which runs coroutines on the main ` +
          `thread's event loop only, got ${threads}`,
      );
    }
  }

  async start(workers: WorkersContext): Promise<void> {
    if (this.#started !== undefined) {
      throw new TypeError("these AsyncWorkers were started before: make new ones for each start");
    }
    const execution: ExecutionContext = {
      runtime: workers.runtime,
      timeoutGraceMs: this.#timeoutGraceMs,
      onFinished: this.#onFinished,
    };
    this.#started = { workers, execution };
    workers.sink.workerStarted(this.#workerName);
  }

  get availableSlots(): number {
    return this.#stopSequence.isRequested ? 0 : this.number - this.#running.size;
  }

  get running(): readonly StoredJob[] {
    return Array.from(this.#running, ({ stored }) => stored);
  }

  submit(stored: StoredJob, task: RunnableTask): void {
    const { workers, execution } = this.#context;
    const run = new Execution(stored, task, execution);
    this.#running.add(run);
    workers.sink.jobStarted(stored);
    run.start();
  }

  abort(reason: (stored: StoredJob) => Error): void {
    for (const run of this.#running) run.abort(reason(run.stored));
  }

  async stop({ timeout }: { readonly timeout: number }): Promise<void> {
    const started = this.#started;
    if (started === undefined) return;
    await this.#stopSequence.run(timeout, {
      runtime: started.workers.runtime,
      isIdle: () => this.#running.size === 0,
      abort: () => {
        this.abort(({ job }) => new WorkersStoppedError(job.taskName));
      },
      giveUp: () => {
        for (const run of this.#running) run.giveUp();
      },
      ended: () => {
        started.workers.sink.workerTerminated(this.#workerName);
      },
    });
  }

  readonly #onFinished = (run: Execution, finished: FinishedJob): void => {
    this.#running.delete(run);
    this.#context.workers.sink.jobFinished(finished);
    this.#stopSequence.jobEnded();
  };

  get #context(): { readonly workers: WorkersContext; readonly execution: ExecutionContext } {
    if (this.#started === undefined) throw new TypeError("these AsyncWorkers are not started");
    return this.#started;
  }

  get #workerName(): string {
    return `${this.#context.workers.namespace}-async-worker`;
  }
}
