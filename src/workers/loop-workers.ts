import { WorkersStoppedError } from "../core/errors.ts";
import type { StoredJob } from "../core/job.ts";
import type { RunnableTask } from "../core/task.ts";
import { localEngine } from "./current-engine.ts";
import { Execution, type ExecutionContext } from "./execution.ts";
import { StopSequence } from "./stop-sequence.ts";
import type { FinishedJob, Workers, WorkersContext } from "./workers.ts";

/**
 * Coroutines on this thread's event loop. There is no queue of waiting jobs here: a job is submitted only
 * when a slot is free, and starts at once.
 */
export class LoopWorkers implements Workers {
  readonly number: number;
  readonly #timeoutGraceMs: number;
  readonly #running = new Set<Execution>();
  readonly #stopSequence = new StopSequence();
  #started: { readonly workers: WorkersContext; readonly execution: ExecutionContext } | undefined;

  constructor(number: number, timeoutGraceMs: number) {
    this.number = number;
    this.#timeoutGraceMs = timeoutGraceMs;
  }

  async start(workers: WorkersContext): Promise<void> {
    if (this.#started !== undefined) {
      throw new TypeError("these AsyncWorkers were started before: make new ones for each start");
    }
    const execution: ExecutionContext = {
      runtime: workers.runtime,
      engine: localEngine(workers.schedule),
      timeoutGraceMs: this.#timeoutGraceMs,
      onFinished: this.#onFinished,
    };
    this.#started = { workers, execution };
    workers.sink.workerStarted(this.#workerName);
  }

  get availableSlots(): number {
    return this.#stopSequence.isRequested ? 0 : this.number - this.#running.size;
  }

  get isIdle(): boolean {
    return this.#running.size === 0;
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
      isIdle: () => this.isIdle,
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
