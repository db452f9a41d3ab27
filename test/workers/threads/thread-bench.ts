import assert from "node:assert/strict";
import type { Worker } from "node:worker_threads";

import type { JobRequest } from "../../../src/core/batch.ts";
import { decodeJob } from "../../../src/core/job-codec.ts";
import { JobStatus } from "../../../src/core/job-status.ts";
import type { Job, StoredJob } from "../../../src/core/job.ts";
import { newJob } from "../../../src/core/new-job.ts";
import { isRunnable, type JobOptions, type RunnableTask } from "../../../src/core/task.ts";
import { Tasks } from "../../../src/core/tasks.ts";
import type { Logger, LogLevel, LogMethod } from "../../../src/platform/logger.ts";
import {
  type Runtime,
  systemRuntime,
  systemTimers,
  type Timer,
  type Timers,
} from "../../../src/platform/runtime.ts";
import { RecordingLogger } from "../../../src/testing/recording-logger.ts";
import { within } from "../../../src/testing/waits.ts";
import type { FinishedJob, Workers } from "../../../src/workers/workers.ts";
import { tasks as threadTasks } from "./programs/tasks.ts";

/** Threads that the tests of this process made, and those of them that live. */
export const made: Worker[] = [];
export const living: Set<Worker> = new Set();

process.on("worker", (worker) => {
  made.push(worker);
  living.add(worker);
  worker.once("exit", () => {
    living.delete(worker);
  });
});

/** Workers on threads, without an engine. */
export class ThreadBench {
  readonly workers: Workers;
  readonly logger: RecordingLogger = new RecordingLogger();
  readonly events: string[] = [];
  readonly scheduled: JobRequest[] = [];
  readonly #registry: Tasks;
  readonly #runtime: Runtime;
  #onLine: (() => void) | undefined;
  #onSlots: (() => void) | undefined;
  readonly #ended = new Map<string, (finished: FinishedJob) => void>();
  readonly #started = new Map<string, () => void>();

  /** @param timers - of the pool; threads have their own */
  constructor(workers: Workers, registry: Tasks = threadTasks, timers: Timers = systemTimers) {
    this.workers = workers;
    this.#registry = registry;
    this.#runtime = { ...systemRuntime(), timers, logger: this.#telling() };
  }

  async start(): Promise<this> {
    await this.workers.start({
      namespace: "test",
      queue: "spinach",
      runtime: this.#runtime,
      tasks: this.#registry.definitions,
      wantsResults: true,
      schedule: async (request) => this.#schedule(request),
      sink: {
        jobStarted: ({ job }) => {
          this.#started.get(job.id)?.();
        },
        jobFinished: (finished) => {
          this.#ended.get(finished.stored.job.id)?.(finished);
        },
        slotsFreed: () => {
          this.#onSlots?.();
        },
        workerStarted: (name) => {
          this.events.push(`started ${name}`);
        },
        workerTerminated: (name) => {
          this.events.push(`terminated ${name}`);
        },
      },
    });
    return this;
  }

  async stop(timeout = 0): Promise<void> {
    await this.workers.stop({ timeout });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Submits a job. */
  submit(options: JobOptions, name: string, ...args: readonly unknown[]): Submitted {
    const task = this.#find(name);
    const stored = this.#make(task, options, args);
    const ended = Promise.withResolvers<FinishedJob>();
    const started = Promise.withResolvers<void>();
    this.#ended.set(stored.job.id, ended.resolve);
    this.#started.set(stored.job.id, started.resolve);
    this.workers.submit(stored, task);
    return {
      stored,
      get started() {
        return within(`a job of ${name} has started`, started.promise);
      },
      get ended() {
        return within(`a job of ${name} has ended`, ended.promise);
      },
    };
  }

  /** What a job returns. Rejects with what it throws. */
  async run(name: string, ...args: readonly unknown[]): Promise<unknown> {
    const { result } = await this.submit({}, name, ...args).ended;
    if (result.ok) return result.value;
    throw result.error;
  }

  /** What a job fails with. */
  async failure(options: JobOptions, name: string, ...args: readonly unknown[]): Promise<unknown> {
    const { result } = await this.submit(options, name, ...args).ended;
    assert.ok(!result.ok, `${name} succeeded`);
    return result.error;
  }

  /** Resolves when so many lines are logged. */
  async lines(count: number): Promise<void> {
    while (this.logger.lines.length < count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#onLine = resolve;
      await within(`line ${count} of the log`, promise);
    }
  }

  /** Resolves when so many slots are free. */
  async slots(count: number): Promise<void> {
    while (this.workers.availableSlots !== count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#onSlots = resolve;
      await within(`${count} free slots, there are ${this.workers.availableSlots}`, promise);
    }
  }

  #telling(): Logger {
    const tell =
      (level: LogLevel): LogMethod =>
      (fields, message) => {
        this.logger[level](fields, message);
        this.#onLine?.();
      };
    return { debug: tell("debug"), info: tell("info"), warn: tell("warn"), error: tell("error") };
  }

  #find(name: string): RunnableTask {
    const task = this.#registry.definitions.find((definition) => definition.name === name);
    assert.ok(task !== undefined && isRunnable(task), `no task ${name}`);
    return task;
  }

  #make(task: RunnableTask, options: JobOptions, args: readonly unknown[]): StoredJob {
    const handle = new Tasks().declare<never>(task.name).with(options);
    const context = { id: this.#runtime.newId(), nowMs: Date.now() };
    const { wire } = newJob(task, { task: handle, at: undefined, args }, context);
    return decodeJob(wire, JobStatus.RUNNING);
  }

  #schedule(request: JobRequest): Job {
    this.scheduled.push(request);
    const { task } = request;
    const definition = this.#find(typeof task === "string" ? task : task.taskName);
    return newJob(definition, request, { id: this.#runtime.newId(), nowMs: Date.now() }).job;
  }
}

/** Timers that fire when they are told to, even while the event loop does not turn. */
export class HandTimers implements Timers {
  readonly #pending = new Map<() => void, number>();

  set(callback: () => void, delayMs: number): Timer {
    this.#pending.set(callback, delayMs);
    return { cancel: () => void this.#pending.delete(callback) };
  }

  async yield(): Promise<void> {
    await systemTimers.yield();
  }

  /** Fires those that were set to a delay. Returns how many there were. */
  fire(delayMs: number): number {
    const due = [...this.#pending].filter(([, delay]) => delay === delayMs);
    for (const [callback] of due) {
      this.#pending.delete(callback);
      callback();
    }
    return due.length;
  }
}

/** A job that was submitted. */
export interface Submitted {
  readonly stored: StoredJob;
  readonly started: Promise<void>;
  readonly ended: Promise<FinishedJob>;
}
