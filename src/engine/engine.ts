import type { Broker } from "../brokers/broker.ts";
import type { Batch, JobRequest } from "../core/batch.ts";
import { DEFAULT_NAMESPACE } from "../core/constants.ts";
import { EngineClosedError, UnknownTaskError } from "../core/errors.ts";
import type { Job } from "../core/job.ts";
import {
  ANY_DURATION,
  checkDate,
  checkDelay,
  checkDuration,
  checkFunction,
  checkMethods,
  checkName,
  checkOptions,
} from "../core/option-checks.ts";
import type {
  CallArgs,
  Task,
  TaskFunction,
  TaskOf,
  TaskOptions,
  TaskReference,
} from "../core/task.ts";
import { Tasks } from "../core/tasks.ts";
import type { Logger } from "../platform/logger.ts";
import { LoopTurn } from "../platform/loop-turn.ts";
import { type Runtime, systemRuntime } from "../platform/runtime.ts";
import { safeLogger } from "../platform/safe-logger.ts";
import {
  EVENT_NAMES,
  type EventName,
  isEventName,
  type Receiver,
  Signals,
} from "../signals/signals.ts";
import { localEngine } from "../workers/current-engine.ts";
import { runHere } from "../workers/run-here.ts";
import { refuseToStartWorkers } from "../workers/threads/thread-state.ts";
import type { StopOptions } from "../workers/workers.ts";
import type { Arbiter } from "./arbiter.ts";
import { JobReporter } from "./job-reporter.ts";
import { onStopSignals } from "./process-signals.ts";
import { checkRunOptions, type CheckedRunOptions } from "./run-options.ts";
import type { RunningWorkers, RunOptions, StartWorkersOptions } from "./running-workers.ts";
import { Scheduler } from "./scheduler.ts";
import { TaskCatalog } from "./task-catalog.ts";
import { TransactionScheduler } from "./transaction-scheduler.ts";
import { WorkersRun } from "./workers-run.ts";

const BROKER_METHODS = ["bind", "start", "stop", "enqueue", "exchange"] as const;
const LOGGER_METHODS = ["debug", "info", "warn", "error"] as const;

/** Options of an engine. */
export interface EngineOptions {
  /** Keeps apart programs that share a broker. Not empty. @defaultValue `"spinach"` */
  readonly namespace?: string | undefined;
  /** Where Spinach writes. @defaultValue warnings and errors to stderr */
  readonly logger?: Logger | undefined;
  /** Clock, timers, random, ids and log; for tests. @defaultValue the real ones */
  readonly runtime?: Runtime | undefined;
}

/**
 * Ties tasks, a broker and workers together. A program that only schedules needs no workers; one that
 * runs jobs starts some, on one queue or several.
 *
 * @example
 * const spin = new Engine(new MemoryBroker());
 * const greet = spin.task("greet", (name: string) => { console.log(`Hello ${name}`); });
 * await spin.schedule(greet, "Ada");
 * await spin.run({ workers: new AsyncWorkers(), stopWhenQueueEmpty: true });
 */
export class Engine {
  /** The namespace it works in. */
  readonly namespace: string;
  readonly #broker: Broker;
  readonly #runtime: Runtime;
  readonly #signals: Signals;
  readonly #reporter: JobReporter;
  readonly #tasks = new Tasks();
  readonly #catalog: TaskCatalog;
  readonly #scheduler: Scheduler;
  /** Of calls of `execute`. */
  readonly #turn: LoopTurn;
  /** By queue: those that were started and have not ended. */
  readonly #runs = new Map<string, WorkersRun>();
  /** By queue: the arbiter of workers that have stopped, which may still have something to tell the broker. */
  readonly #stopped = new Map<string, Arbiter>();
  #opening: Promise<void> | undefined;
  #isOpen = false;
  #closing: Promise<void> | undefined;
  /** What closed it, if not a call of `close`. */
  #closedBy: "run" | undefined;

  /** @throws TypeError or RangeError if an option is not valid, or another engine has the broker */
  constructor(broker: Broker, options: EngineOptions = {}) {
    checkMethods(
      "Engine: broker must be a MemoryBroker, SqliteBroker or RedisBroker, such as new MemoryBroker()",
      broker,
      BROKER_METHODS,
    );
    checkOptions("Engine", options, ["namespace", "logger", "runtime"]);
    const { namespace = DEFAULT_NAMESPACE, runtime = systemRuntime(), logger } = options;
    if (logger !== undefined) {
      checkMethods(
        "Engine: logger must have debug(), info(), warn() and error(), as a pino logger has",
        logger,
        LOGGER_METHODS,
      );
    }
    this.namespace = checkName("Engine: namespace", namespace);
    this.#runtime = { ...runtime, logger: safeLogger(logger ?? runtime.logger) };
    this.#turn = new LoopTurn(this.#runtime);
    this.#signals = new Signals((err, event) => {
      this.#runtime.logger.error({ err, event }, `a receiver of "${event}" failed`);
    });
    this.#reporter = new JobReporter(namespace, this.#signals, this.#runtime.logger);
    this.#catalog = new TaskCatalog(() => {
      for (const run of this.#runs.values()) run.tasksChanged();
    });
    this.#catalog.attach(this.#tasks);
    broker.bind({ namespace, runtime: this.#runtime });
    this.#broker = broker;
    this.#scheduler = new Scheduler({
      broker,
      tasks: this.#catalog,
      runtime: this.#runtime,
      open: () => this.#openOnce(),
      refuseIfClosed: () => {
        this.#refuseIfClosed();
      },
      turn: this.#turn,
    });
  }

  /**
   * Registers a function as a task of this engine.
   *
   * @throws TypeError or RangeError if the name is empty or taken, or an option is not valid
   *
   * @example
   * const pay = spin.task("pay", { maxRetries: 5, timeout: 30_000 }, async (id: number) => { ... });
   */
  task<Fn extends TaskFunction>(name: string, fn: Fn): TaskOf<Fn>;
  task<Fn extends TaskFunction>(name: string, options: TaskOptions, fn: Fn): TaskOf<Fn>;
  task(name: string, optionsOrFn: TaskOptions | TaskFunction, fn?: TaskFunction): Task {
    return this.#tasks.task(name, optionsOrFn, fn);
  }

  /**
   * Takes in registries, and whatever is registered in them later.
   * @throws RangeError if a name is taken; that registry is then left out whole
   */
  attachTasks(...registries: readonly Tasks[]): void {
    for (const registry of registries) {
      checkMethods("attachTasks: each must be a Tasks registry", registry, ["task", "watch"]);
      this.#catalog.attach(registry);
    }
  }

  /**
   * Schedules a job to run as soon as possible. Resolves when the broker has it.
   *
   * Rejects with UnknownTaskError, InvalidJobSignatureError, InvalidJobArgumentsError, BrokerError or
   * EngineClosedError, or with RangeError for a task of a registry that is not attached, if another task
   * here has its name; nothing is enqueued then.
   *
   * @param task - a task, or its name; a task checks the types of the arguments
   */
  schedule(task: string, ...args: unknown[]): Promise<Job>;
  schedule<Args extends unknown[], Result>(
    task: Task<Args, Result>,
    ...args: CallArgs<Args>
  ): Promise<Job>;
  async schedule(task: TaskReference, ...args: unknown[]): Promise<Job> {
    return this.#scheduler.schedule({ task, at: undefined, args });
  }

  /**
   * Schedules a job to run at a date; one that has passed means now. Rejects as `schedule` does, and
   * with TypeError or RangeError if `at` is not a valid Date.
   */
  scheduleAt(task: string, at: Date, ...args: unknown[]): Promise<Job>;
  scheduleAt<Args extends unknown[], Result>(
    task: Task<Args, Result>,
    at: Date,
    ...args: CallArgs<Args>
  ): Promise<Job>;
  async scheduleAt(task: TaskReference, at: Date, ...args: unknown[]): Promise<Job> {
    return this.#scheduler.schedule({ task, at: checkDate("scheduleAt: at", at), args });
  }

  /**
   * Schedules a job to run a time in ms after the store has it, by the clock of the store: whatever this machine's
   * clock shows. 0 means as soon as possible; at most a hundred years. The `at` of the job is by this machine's clock.
   * Rejects as `schedule` does, and with TypeError or RangeError if `ms` is not such a time.
   */
  scheduleIn(task: string, ms: number, ...args: unknown[]): Promise<Job>;
  scheduleIn<Args extends unknown[], Result>(
    task: Task<Args, Result>,
    ms: number,
    ...args: CallArgs<Args>
  ): Promise<Job>;
  async scheduleIn(task: TaskReference, ms: number, ...args: unknown[]): Promise<Job> {
    const delayMs = checkDelay("scheduleIn: ms", ms);
    return this.#scheduler.schedule({ task, at: undefined, delayMs, args });
  }

  /**
   * Schedules the jobs of a batch, in their order, in one trip. All or nothing up to 10,000 jobs; a
   * larger batch goes in chunks of that, and BatchInterruptedError tells how many are in. Nothing is
   * enqueued if any of the jobs is not valid.
   */
  async scheduleBatch(batch: Batch): Promise<Job[]> {
    checkMethods("scheduleBatch: expected a Batch", batch, ["schedule", "scheduleAt"]);
    return this.#scheduler.scheduleBatch(batch.requests);
  }

  /**
   * Schedules within a transaction that the application has begun on the broker's store: its jobs exist
   * if and only if that commits. Only a SqliteBroker can, given the application's `DatabaseSync`.
   *
   * @example
   * db.exec("BEGIN IMMEDIATE");
   * const { lastInsertRowid } = insertOrder.run("tea");
   * spin.inTransaction(db).schedule(sendInvoice, Number(lastInsertRowid));
   * db.exec("COMMIT");
   */
  inTransaction(transaction: object): TransactionScheduler {
    this.#refuseIfClosed();
    return new TransactionScheduler(this.#scheduler, transaction);
  }

  /**
   * Runs a task here and now, without broker and workers, as a job would run it: the arguments are
   * checked and travel through JSON, and `currentJob()` works. For tests. Resolves to what the
   * function returns; rejects with what it throws.
   */
  execute(task: string, ...args: unknown[]): Promise<unknown>;
  execute<Args extends unknown[], Result>(
    task: Task<Args, Result>,
    ...args: CallArgs<Args>
  ): Promise<Awaited<Result>>;
  async execute(task: TaskReference, ...args: unknown[]): Promise<unknown> {
    return this.#turn.settled(this.#execute({ task, at: undefined, args }));
  }

  /**
   * Starts workers on a queue. Resolves when they take jobs. May be called once for each queue.
   *
   * Rejects with TypeError or RangeError if an option is not valid, the queue has workers of this
   * engine already, or the workers were used before; with BrokerError if the broker cannot start; with
   * EngineClosedError if the engine is closed meanwhile. A store that is not ready yet, such as a Redis that loads its
   * data, is waited for.
   */
  async startWorkers(options: StartWorkersOptions): Promise<RunningWorkers> {
    const run = this.#newRun(checkRunOptions("startWorkers", options));
    await run.start();
    // Where it was closed meanwhile, no workers take jobs.
    this.#refuseIfClosed();
    return run;
  }

  /**
   * Starts workers and waits for their end; SIGINT (^C) and SIGTERM stop them, a second signal at
   * once. Then closes the engine, unless other workers of it still run.
   *
   * Rejects as `startWorkers` does.
   */
  async run(options: RunOptions): Promise<void> {
    const checked = checkRunOptions("run", options);
    const { stopTimeout } = checked;
    const run = this.#newRun(checked);
    let signals = 0;
    const stopListening = onStopSignals((signal) => {
      signals += 1;
      this.#runtime.logger.info({ signal }, "stopping");
      void run.stop({ timeout: signals === 1 ? stopTimeout : 0 });
    });
    try {
      await run.start();
      await run.finished;
    } finally {
      stopListening();
    }
    if (this.#runs.size > 0) return;
    if (this.#closing === undefined) this.#closedBy = "run";
    await this.close();
  }

  /**
   * Stops all workers of this engine, as `RunningWorkers.stop` does. It can schedule, and start other
   * workers, afterwards.
   */
  async stopWorkers(options: StopOptions = {}): Promise<void> {
    checkStopOptions(options);
    await Promise.all([...this.#runs.values()].map((run) => run.stop(options)));
  }

  /**
   * Stops the workers and lets go of the broker, for good. Safe at any time, and twice; a second call
   * may only shorten the wait.
   */
  async close(options: StopOptions = {}): Promise<void> {
    checkStopOptions(options);
    if (this.#closing === undefined) this.#closing = this.#close(options);
    else await this.stopWorkers(options);
    await this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * Calls `receiver` at each event, until `off`. What it throws is logged and hurts nothing.
   * @throws RangeError if there is no such event
   */
  on<Name extends EventName>(name: Name, receiver: Receiver<Name>): this {
    refuseUnknownEvent(name);
    checkFunction(`on("${name}"): the receiver`, receiver);
    this.#signals.on(name, receiver);
    return this;
  }

  /** Undoes `on`. */
  off<Name extends EventName>(name: Name, receiver: Receiver<Name>): this {
    refuseUnknownEvent(name);
    this.#signals.off(name, receiver);
    return this;
  }

  async #execute(request: JobRequest): Promise<unknown> {
    const stored = this.#scheduler.make(request);
    const { taskName } = stored.job;
    const runnable = this.#catalog.runnable(taskName);
    if (runnable === undefined) throw new UnknownTaskError(taskName, this.#catalog.runnableNames);
    const engine = localEngine((asked) => this.#scheduler.schedule(asked));
    return runHere(stored, runnable, this.#runtime, engine);
  }

  #newRun({ workers, queue, stopWhenQueueEmpty }: CheckedRunOptions): WorkersRun {
    refuseToStartWorkers();
    this.#refuseIfClosed();
    this.#refuseSecondRun(queue);
    const run = new WorkersRun({
      namespace: this.namespace,
      broker: this.#broker,
      workers,
      queue,
      stopWhenQueueEmpty,
      tasks: this.#catalog,
      reporter: this.#reporter,
      runtime: this.#runtime,
      schedule: (request) => this.#scheduler.schedule(request),
      open: () => this.#openForWorkers(),
      // Not the arbiter itself, which would keep the one before it, and so on.
      takeOver: async () => this.#stopped.get(queue)?.end(),
      onStopped: (arbiter) => this.#stopped.set(queue, arbiter),
    });
    this.#runs.set(queue, run);
    void run.finished.then(() => this.#runs.delete(queue));
    return run;
  }

  /** Starts the broker, unless it has been: then there is nothing to wait for. */
  #openOnce(): Promise<void> | undefined {
    this.#refuseIfClosed();
    return this.#isOpen ? undefined : this.#open();
  }

  /** Starts the broker, once; again if it failed. */
  async #open(): Promise<void> {
    this.#refuseIfClosed();
    this.#opening ??= this.#broker.start();
    try {
      await this.#opening;
      this.#isOpen = true;
    } catch (error) {
      this.#opening = undefined;
      this.#refuseIfClosed();
      throw error;
    }
    this.#refuseIfClosed();
  }

  async #openForWorkers(): Promise<void> {
    await this.#open();
    try {
      await this.#broker.ready?.();
    } finally {
      // First: what failed may have done so for that.
      this.#refuseIfClosed();
    }
  }

  async #close(options: StopOptions): Promise<void> {
    await this.stopWorkers(options);
    await Promise.all([...this.#stopped.values()].map((arbiter) => arbiter.end()));
    this.#catalog.close();
    // Also while it starts: it may be one that never does.
    await this.#broker.stop();
  }

  /** First: a closed engine does not hear of tasks any more, and would call them unknown. */
  #refuseIfClosed(): void {
    if (this.#closing !== undefined) throw new EngineClosedError(this.#closedBy);
  }

  #refuseSecondRun(queue: string): void {
    if (!this.#runs.has(queue)) return;
    throw new TypeError(
      `startWorkers: this engine already has workers on queue "${queue}": ` +
        `stop them first, or give them a larger number`,
    );
  }
}

function checkStopOptions(options: StopOptions): void {
  checkOptions("stop", options, ["timeout"]);
  const { timeout } = options;
  if (timeout !== undefined) checkDuration("stop: timeout", timeout, ANY_DURATION);
}

function refuseUnknownEvent(name: unknown): void {
  if (isEventName(name)) return;
  throw new RangeError(
    `on/off: there is no event "${String(name)}", only ${EVENT_NAMES.join(", ")}`,
  );
}
