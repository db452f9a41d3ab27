import type { ResourceLimits } from "node:worker_threads";

import { WorkersStoppedError } from "../../core/errors.ts";
import type { StoredJob } from "../../core/job.ts";
import type { RunnableTask } from "../../core/task.ts";
import { TaskNotInThreadsError } from "../../core/thread-errors.ts";
import { isLogged } from "../../platform/logger.ts";
import { Queuey } from "../../queue/queuey.ts";
import { StopSequence } from "../stop-sequence.ts";
import type { JobsAhead, Workers, WorkersContext } from "../workers.ts";
import { decodeThrown } from "./crossing-error.ts";
import { type HeldJob, HeldJobs } from "./held-jobs.ts";
import { decodeJobItem, encodeJobItem } from "./job-item.ts";
import { PoolThread } from "./pool-thread.ts";
import { createProgress, ProgressBell, type ProgressListener } from "./progress.ts";
import type { FromThread, Idle, TaskModule, ThreadData } from "./protocol.ts";
import { modulesOf } from "./task-modules.ts";
import { ThreadCrew } from "./thread-crew.ts";
import { decodeFields, levelsOf } from "./thread-logger.ts";

/** What a pool is to be; all checked. */
export interface ThreadPoolOptions {
  /** For messages, and the names of its workers. */
  readonly kind: "ThreadWorkers" | "AsyncWorkers";
  /** Jobs at once, of all threads together. */
  readonly number: number;
  readonly threads: number;
  readonly idle: Idle;
  readonly timeoutGraceMs: number;
  /** Whether a thread gives up a task that ignores its timeout and goes on, or is killed for it. */
  readonly givesUp: boolean;
  readonly readyTimeoutMs: number;
  readonly maxJobsPerThread: number;
  readonly resourceLimits: ResourceLimits | undefined;
}

/** Jobs that wait in the queue of the threads for each that they can run, while jobs are short. */
const AHEAD_PER_SLOT = 32;

/** How often a take-back tries to get into a queue that others are in: each for at most 20 us. */
const TAKE_BACK_TRIES = 100;

/** What exists from the start on. */
interface Started {
  readonly context: WorkersContext;
  readonly modules: readonly TaskModule[];
  readonly taskNames: ReadonlySet<string>;
  readonly crew: ThreadCrew;
  readonly held: HeldJobs;
}

/**
 * Threads that share one queue of jobs: a slow job keeps only its own thread busy.
 *
 * ```
 *   submit ---> Queuey ---> threads ---> progress, of each: jobs that started, jobs that succeeded ---> sink
 *                 |            |                                                                         ^
 *   takeBack <----+            +-------> messages: jobs that failed, log lines --------------------------+
 * ```
 */
export class ThreadPool implements Workers {
  readonly number: number;
  readonly ahead: JobsAhead;
  readonly #options: ThreadPoolOptions;
  readonly #maxAhead: number;
  readonly #jobs: Queuey<string>;
  readonly #bell = new ProgressBell();
  readonly #listeners = new Map<PoolThread, ProgressListener>();
  /** Slots of threads that are yet to be started. */
  readonly #shares: number[];
  /** Threads whose jobs were given up. */
  #stuck: ReadonlySet<PoolThread> = new Set();
  readonly #stopSequence = new StopSequence();
  #started: Started | undefined;
  #hasReported = false;
  #closing: Promise<void> | undefined;
  #threadsMade = 0;

  constructor(options: ThreadPoolOptions) {
    const { number, threads } = options;
    this.#options = options;
    this.number = number;
    this.#maxAhead = number * AHEAD_PER_SLOT;
    // What was taken holds its place for a moment.
    this.#jobs = new Queuey<string>({ maxSize: 2 * number + this.#maxAhead });
    this.#shares = Array.from({ length: threads }, (_, index) =>
      Math.ceil((number - index) / threads),
    );
    const pool = { room: () => this.#room, count: () => this.#aheadCount };
    this.ahead = {
      get room() {
        return pool.room();
      },
      get count() {
        return pool.count();
      },
      takeBack: () => this.#takeBack(),
    };
  }

  /** Rejects with TypeError if a task cannot run on threads, with ThreadStartError if a thread cannot start. */
  async start(context: WorkersContext): Promise<void> {
    const { kind, threads, readyTimeoutMs, timeoutGraceMs, givesUp } = this.#options;
    if (this.#started !== undefined) {
      throw new TypeError(`these ${kind} were started before: make new ones for each start`);
    }
    const modules = modulesOf(kind, context);
    const crew = new ThreadCrew({
      size: threads,
      runtime: context.runtime,
      readyTimeoutMs,
      spawn: (events) => this.#spawn(events),
      onEnded: (thread) => this.#threadEnded(thread),
    });
    const held = new HeldJobs({
      ...context,
      timeoutGraceMs,
      givesUp,
      readProgress: this.#readAll,
      onGone: () => {
        crew.succeeded();
        this.#stopSequence.jobEnded();
      },
    });
    const taskNames = new Set(modules.flatMap((each) => each.taskNames));
    this.#started = { context, modules, taskNames, crew, held };
    void this.#listen(context);
    await crew.start();
    if (this.#stopSequence.isRequested) return;
    this.#hasReported = true;
    for (const name of this.#workerNames(context)) context.sink.workerStarted(name);
  }

  get availableSlots(): number {
    return this.#stopSequence.isRequested ? 0 : Math.max(0, this.number - this.#heldCount);
  }

  get #room(): number {
    if (this.#stopSequence.isRequested) return 0;
    return this.#maxAhead - this.#aheadCount;
  }

  get #aheadCount(): number {
    return Math.max(0, this.#heldCount - this.number);
  }

  get #heldCount(): number {
    return this.#started?.held.size ?? 0;
  }

  get running(): readonly StoredJob[] {
    return this.#started?.held.stored ?? [];
  }

  submit(stored: StoredJob, task: RunnableTask): void {
    const { context, taskNames, held } = this.#parts;
    if (!taskNames.has(task.name)) {
      const error = new TaskNotInThreadsError(task.name, task.module !== undefined);
      context.sink.jobFinished({ stored, result: { ok: false, error }, durationMs: 0 });
      return;
    }
    void this.#put(held.add(stored, task));
  }

  abort(reason: (stored: StoredJob) => Error): void {
    this.#started?.held.abort(reason);
  }

  async stop({ timeout }: { readonly timeout: number }): Promise<void> {
    const started = this.#started;
    if (started === undefined) return;
    await this.#stopSequence.run(timeout, {
      runtime: started.context.runtime,
      isIdle: () => started.held.size === 0,
      abort: () => {
        this.abort(({ job }) => new WorkersStoppedError(job.taskName));
      },
      giveUp: () => {
        this.#stuck = started.held.giveUp();
      },
      ended: () => {
        this.#closing = this.#close(started);
      },
    });
    await this.#closing;
  }

  async #close({ context, crew }: Started): Promise<void> {
    this.#jobs.close();
    this.#bell.close();
    await crew.close((thread) => this.#stuck.has(thread));
    if (!this.#hasReported) return;
    for (const name of this.#workerNames(context)) context.sink.workerTerminated(name);
  }

  async #put(job: HeldJob): Promise<void> {
    const { id, timeoutMs, stored } = job;
    try {
      await this.#jobs.putAsync(encodeJobItem({ id, timeoutMs, wire: stored.wire }));
    } catch (error) {
      this.#parts.held.ended(id, { ok: false, error }, 0);
    }
  }

  /** Threads may be about to take the same jobs: each job is had by one side. */
  #takeBack(): readonly StoredJob[] {
    // A broker that cannot start stops workers that never did.
    if (this.#started === undefined) return [];
    const { held } = this.#started;
    const back: StoredJob[] = [];
    // A thread may be just inside the queue, for a few us; one that died there must not hold this up.
    for (let tries = 0; tries < TAKE_BACK_TRIES && !this.#jobs.empty;) {
      const item = this.#jobs.tryTake();
      if (item === undefined) {
        tries += 1;
        continue;
      }
      this.#jobs.taskDone(item.ticket);
      const job = held.waiting(decodeJobItem(item.value).id);
      if (job === undefined) continue;
      held.takeBack(job);
      back.push(job.stored);
    }
    return back;
  }

  /** Reads what threads tell, as soon as they do. */
  async #listen({ runtime }: WorkersContext): Promise<void> {
    while (this.#closing === undefined) {
      await this.#bell.sleep(this.#readAll);
      this.#readAll();
      // While threads go on telling, timers and sockets of this thread must be served too.
      await runtime.timers.yield();
    }
  }

  readonly #readAll = (): boolean => {
    let isNew = false;
    for (const [thread, listener] of this.#listeners) {
      if (thread.progress.read(listener)) isNew = true;
    }
    return isNew;
  };

  #spawn(events: Pick<ConstructorParameters<typeof PoolThread>[0], "onReady" | "onEnded">) {
    const { context, held } = this.#parts;
    const slots = this.#shares.pop() ?? 1;
    this.#threadsMade += 1;
    const thread = new PoolThread({
      ...events,
      data: this.#threadData(slots),
      name: `spinach-${context.queue}-${this.#threadsMade}`,
      resourceLimits: this.#options.resourceLimits,
      onMessage: (from, message) => {
        this.#received(from, message);
      },
    });
    this.#listeners.set(thread, {
      started: (id) => {
        held.started(id, thread);
      },
      succeeded: (id, durationMs) => {
        held.ended(id, { ok: true, value: undefined }, durationMs);
      },
    });
    return thread;
  }

  #threadData(slots: number): ThreadData {
    const { context, modules } = this.#parts;
    const { idle, timeoutGraceMs, givesUp, maxJobsPerThread } = this.#options;
    return {
      kind: "spinach.thread",
      modules,
      jobs: this.#jobs.handle,
      progress: createProgress(this.#jobs.maxSize, this.#bell.buffer),
      slots,
      idle,
      timeoutGraceMs: givesUp ? timeoutGraceMs : Infinity,
      maxJobs: maxJobsPerThread,
      levels: levelsOf((level) => isLogged(context.runtime.logger, level)),
      wantsResults: context.wantsResults ?? false,
    };
  }

  #received(thread: PoolThread, message: FromThread): void {
    // What it wrote before comes first: that the job started, above all.
    this.#readAll();
    const { held, crew, context } = this.#parts;
    switch (message.type) {
      case "succeeded":
        held.ended(message.id, { ok: true, value: message.value }, message.durationMs);
        break;
      case "failed": {
        const { id, durationMs, interrupted } = message;
        const error = decodeThrown(message.error);
        held.ended(id, { ok: false, error, interrupted }, durationMs);
        break;
      }
      case "retiring":
        crew.retires(thread);
        break;
      case "log": {
        const { logger } = context.runtime;
        logger[message.level](decodeFields(message.fields), message.message);
        break;
      }
      case "ready":
      case "refused":
        break;
    }
  }

  /** Returns whether the thread was of use. */
  #threadEnded(thread: PoolThread): boolean {
    this.#readAll();
    this.#listeners.delete(thread);
    if (this.#shares.length < this.#options.threads) this.#shares.push(thread.slots);
    this.#parts.held.died(thread);
    void this.#recover(thread);
    return thread.isOfUse;
  }

  /** What the thread had taken and not started goes to another one. */
  async #recover({ threadId }: PoolThread): Promise<void> {
    for (const { value } of await this.#jobs.abandon(threadId)) {
      const job = this.#parts.held.waiting(decodeJobItem(value).id);
      if (job !== undefined) void this.#put(job);
    }
  }

  #workerNames({ namespace }: WorkersContext): readonly string[] {
    const { kind, threads } = this.#options;
    const what = kind === "ThreadWorkers" ? "thread" : "async";
    return Array.from(
      { length: threads },
      (_, index) => `${namespace}-${what}-worker-${index + 1}`,
    );
  }

  get #parts(): Started {
    if (this.#started !== undefined) return this.#started;
    throw new TypeError(`these ${this.#options.kind} are not started`);
  }
}
