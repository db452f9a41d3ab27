import type { ResourceLimits } from "node:worker_threads";

import { WorkersStoppedError } from "../../core/errors.ts";
import type { StoredJob } from "../../core/job.ts";
import type { RunnableTask } from "../../core/task.ts";
import { TaskNotInThreadsError } from "../../core/thread-errors.ts";
import { isLogged } from "../../platform/logger.ts";
import { StopSequence } from "../stop-sequence.ts";
import type { Workers, WorkersContext } from "../workers.ts";
import { decodeThrown } from "./crossing-error.ts";
import { HeldJobs } from "./held-jobs.ts";
import { JobQueue } from "./job-queue.ts";
import { refusedByThreads } from "./job-too-large.ts";
import { PoolRoom } from "./pool-room.ts";
import { PoolThread } from "./pool-thread.ts";
import { createProgress, ProgressBell, type ProgressListener } from "./progress.ts";
import type { FromReady, Idle, SchedulingHandles, TaskModule, ThreadData } from "./protocol.ts";
import { ScheduleService } from "./schedule-service.ts";
import { StartWatch } from "./start-watch.ts";
import { modulesOf } from "./task-modules.ts";
import { ThreadCrew } from "./thread-crew.ts";
import { decodeFields, levelsOf } from "./thread-logger.ts";
import { workerNames } from "./worker-names.ts";

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

/** What exists from the start on. */
interface Started {
  readonly context: WorkersContext;
  readonly modules: readonly TaskModule[];
  readonly taskNames: ReadonlySet<string>;
  readonly crew: ThreadCrew;
  readonly jobs: JobQueue;
  readonly held: HeldJobs;
  readonly scheduling: ScheduleService;
  readonly starts: StartWatch;
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
  readonly ahead: PoolRoom;
  readonly #options: ThreadPoolOptions;
  readonly #maxJobs: number;
  readonly #bell = new ProgressBell();
  readonly #listeners = new Map<PoolThread, ProgressListener>();
  /** Slots of threads that are yet to be started. */
  readonly #shares: number[];
  readonly #stopSequence = new StopSequence();
  #started: Started | undefined;
  #hasReported = false;
  #closing: Promise<void> | undefined;
  #threadsMade = 0;

  constructor(options: ThreadPoolOptions) {
    const { number, threads } = options;
    this.#options = options;
    this.number = number;
    this.ahead = new PoolRoom({
      number,
      slots: () => this.#started?.crew.slots ?? 0,
      held: () => this.#heldCount,
      isStopping: () => this.#stopSequence.isRequested,
      takeBack: () => this.#takeBack(),
    });
    this.#maxJobs = number + this.ahead.maxAhead;
    this.#shares = Array.from({ length: threads }, (_, index) =>
      Math.ceil((number - index) / threads),
    );
  }

  /** Rejects with TypeError if a task cannot run on threads, with ThreadStartError if a thread cannot start. */
  async start(context: WorkersContext): Promise<void> {
    const { kind, number, threads, readyTimeoutMs, timeoutGraceMs, givesUp } = this.#options;
    if (this.#started !== undefined) {
      throw new TypeError(`these ${kind} were started before: make new ones for each start`);
    }
    const modules = modulesOf(kind, context);
    const crew = new ThreadCrew({
      size: threads,
      runtime: context.runtime,
      readyTimeoutMs,
      spawn: (events) => this.#spawn(events),
      onLost: (thread) => this.#threadLost(thread),
      onWorking: () => {
        context.sink.slotsFreed();
      },
    });
    const held = new HeldJobs({
      ...context,
      timeoutGraceMs,
      givesUp,
      kill: (thread) => void crew.kill(thread),
      readProgress: this.#readAll,
      onGone: () => {
        this.#stopSequence.jobEnded();
      },
    });
    const taskNames = new Set(modules.flatMap((each) => each.taskNames));
    const jobs = new JobQueue({
      // What a thread has taken holds its place for a moment.
      maxSize: this.#maxJobs + number,
      find: (id) => held.waiting(id),
      onRefused: ({ id, task }, cause) => {
        held.ended(id, { ok: false, error: refusedByThreads(task.name, cause) }, 0);
      },
    });
    const scheduling = new ScheduleService(context.schedule);
    const starts = new StartWatch({
      timers: context.runtime.timers,
      mayHaveStarted: () => held.size > held.startedCount && held.startedCount < number,
      look: this.#readAll,
    });
    this.#started = { context, modules, taskNames, crew, jobs, held, scheduling, starts };
    void this.#listen(context);
    void scheduling.run();
    try {
      await crew.start();
    } catch (error) {
      this.#closing ??= this.#close(this.#started);
      await this.#closing;
      throw error;
    }
    if (this.#stopSequence.isRequested) return;
    this.#hasReported = true;
    for (const name of this.#workerNames(context)) context.sink.workerStarted(name);
  }

  get availableSlots(): number {
    return this.ahead.availableSlots;
  }

  get isIdle(): boolean {
    return this.#heldCount === 0;
  }

  get #heldCount(): number {
    return this.#started?.held.size ?? 0;
  }

  get running(): readonly StoredJob[] {
    return this.#started?.held.stored ?? [];
  }

  submit(stored: StoredJob, task: RunnableTask): void {
    const { context, taskNames, held, jobs, starts } = this.#parts;
    if (!taskNames.has(task.name)) {
      const error = new TaskNotInThreadsError(task.name, task.module !== undefined);
      context.sink.jobFinished({ stored, result: { ok: false, error }, durationMs: 0 });
      return;
    }
    jobs.put(held.add(stored, task));
    starts.expect();
  }

  abort(reason: (stored: StoredJob) => Error): void {
    this.#started?.held.abort(reason);
  }

  async stop({ timeout }: { readonly timeout: number }): Promise<void> {
    const started = this.#started;
    if (started === undefined) return;
    await this.#stopSequence.run(timeout, {
      runtime: started.context.runtime,
      isIdle: () => this.isIdle,
      abort: () => {
        this.abort(({ job }) => new WorkersStoppedError(job.taskName));
      },
      giveUp: () => {
        started.held.giveUp();
      },
      ended: () => {
        this.#closing ??= this.#close(started);
      },
    });
    await this.#closing;
  }

  async #close({ context, crew, jobs, scheduling, starts }: Started): Promise<void> {
    jobs.close();
    scheduling.close();
    this.#bell.close();
    await crew.close();
    starts.stop();
    if (!this.#hasReported) return;
    for (const name of this.#workerNames(context)) context.sink.workerTerminated(name);
  }

  /** Threads may be about to take the same jobs: each job is had by one side. */
  #takeBack(): readonly StoredJob[] {
    // A broker that cannot start stops workers that never did.
    if (this.#started === undefined) return [];
    const { jobs, held } = this.#started;
    return jobs.takeBack().map((job) => {
      held.takeBack(job);
      return job.stored;
    });
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
    if (isNew) this.#started?.starts.expect();
    return isNew;
  };

  #spawn(events: Pick<ConstructorParameters<typeof PoolThread>[0], "onReady" | "onEnded">) {
    const { context, crew, held, scheduling } = this.#parts;
    this.#threadsMade += 1;
    const handles = scheduling.connect(this.#threadsMade, (call, reply) => {
      thread.post({ type: "scheduled", call, reply });
    });
    const thread = new PoolThread({
      ...events,
      data: this.#threadData(this.#shares.pop() ?? 1, handles),
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
        crew.isOfUse();
        held.ended(id, { ok: true, value: undefined }, durationMs);
      },
      told: (id) => {
        held.told(id);
      },
    });
    return thread;
  }

  #threadData(slots: number, scheduling: SchedulingHandles): ThreadData {
    const { context, modules, jobs } = this.#parts;
    const { idle, timeoutGraceMs, givesUp, maxJobsPerThread } = this.#options;
    return {
      kind: "spinach.thread",
      modules,
      jobs: jobs.handle,
      progress: createProgress(this.#maxJobs, this.#bell.buffer),
      scheduling,
      slots,
      idle,
      timeoutGraceMs: givesUp ? timeoutGraceMs : Infinity,
      maxJobs: maxJobsPerThread,
      levels: levelsOf((level) => isLogged(context.runtime.logger, level)),
      wantsResults: context.wantsResults ?? false,
    };
  }

  #received(thread: PoolThread, message: FromReady): void {
    // What it wrote before comes first: that the job started, above all.
    this.#readAll();
    const { held, crew, context } = this.#parts;
    switch (message.type) {
      case "succeeded":
        crew.isOfUse();
        held.ended(message.id, { ok: true, value: message.value }, message.durationMs);
        break;
      case "failed": {
        crew.isOfUse();
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
    }
  }

  /** Returns whether the thread was of use. */
  #threadLost(thread: PoolThread): boolean {
    this.#readAll();
    this.#listeners.delete(thread);
    if (this.#shares.length < this.#options.threads) this.#shares.push(thread.slots);
    const { held, jobs, scheduling } = this.#parts;
    held.died(thread);
    const { number, threadId } = thread;
    if (threadId !== undefined) void jobs.recover(threadId);
    void scheduling.disconnect(number, threadId);
    return thread.isOfUse;
  }

  #workerNames({ namespace }: WorkersContext): readonly string[] {
    return workerNames(namespace, this.#options);
  }

  get #parts(): Started {
    if (this.#started !== undefined) return this.#started;
    throw new TypeError(`these ${this.#options.kind} are not started`);
  }
}
