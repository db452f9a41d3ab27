import assert from "node:assert/strict";

import { DEFAULT_QUEUE } from "../../core/constants.ts";
import { decodeJob } from "../../core/job-codec.ts";
import { JobStatus } from "../../core/job-status.ts";
import type { StoredJob } from "../../core/job.ts";
import { newJob } from "../../core/new-job.ts";
import { type Task, isRunnable, type JobOptions, type RunnableTask } from "../../core/task.ts";
import { Tasks } from "../../core/tasks.ts";
import type { Runtime } from "../../platform/runtime.ts";
import type { FinishedJob, Workers } from "../../workers/workers.ts";
import { settled } from "../fake-runtime.ts";
import { within } from "../waits.ts";
import { conformanceTasks, openGate } from "./conformance-tasks.ts";

/** The time that workers under test live in. */
export interface WorkersTime {
  readonly runtime: Runtime;
  /** Lets time pass: simulated if the workers take all their time from the runtime, else real. */
  pass(ms: number): Promise<void>;
}

/** What a conformance suite needs to know of a kind of workers. */
export interface WorkersKind {
  /** For the titles of the tests. */
  readonly name: string;
  /** Workers with so many slots, and so long a grace after a timeout, in ms. */
  create(options: { readonly number: number; readonly timeoutGrace: number }): Workers;
  createTime(): WorkersTime;
}

/** Grace after a timeout of the workers under test, in ms. */
export const TIMEOUT_GRACE_MS = 20;

/** Workers under test, and what they reported. */
export class WorkersBench {
  readonly workers: Workers;
  readonly time: WorkersTime;
  /** Ids of the jobs that were reported as started. */
  readonly started: string[] = [];
  readonly finished: FinishedJob[] = [];
  readonly workerEvents: string[] = [];
  #onSlots: () => void = () => undefined;
  readonly #waiting = new Map<string, (finished: FinishedJob) => void>();

  constructor(kind: WorkersKind, number: number) {
    this.workers = kind.create({ number, timeoutGrace: TIMEOUT_GRACE_MS });
    this.time = kind.createTime();
  }

  async start(): Promise<void> {
    await this.workers.start({
      namespace: "test",
      queue: DEFAULT_QUEUE,
      runtime: this.time.runtime,
      wantsResults: true,
      schedule: () => Promise.reject(new TypeError("nothing is scheduled here")),
      tasks: conformanceTasks.definitions,
      sink: {
        jobStarted: ({ job }) => {
          this.started.push(job.id);
        },
        jobFinished: (finished) => {
          this.finished.push(finished);
          this.#waiting.get(finished.stored.job.id)?.(finished);
        },
        slotsFreed: () => {
          this.#onSlots();
        },
        workerStarted: (name) => {
          this.workerEvents.push(`started ${name}`);
        },
        workerTerminated: (name) => {
          this.workerEvents.push(`terminated ${name}`);
        },
      },
    });
  }

  /** Resolves when so many slots are free: as they are, or as soon as a thread works in place of another. */
  async slots(count: number): Promise<void> {
    while (this.workers.availableSlots < count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#onSlots = resolve;
      await promise;
    }
  }

  /** Submits a job. Resolves when it has ended. */
  run(taskName: string, ...args: readonly unknown[]): Promise<FinishedJob> {
    return this.runWith({}, taskName, ...args);
  }

  runWith(
    options: JobOptions & { readonly taskTimeoutMs?: number },
    taskName: string,
    ...args: readonly unknown[]
  ): Promise<FinishedJob> {
    const { taskTimeoutMs, ...jobOptions } = options;
    return this.#submit({ ...findTask(taskName), timeoutMs: taskTimeoutMs }, jobOptions, args);
  }

  /** Runs a function of the test itself: for workers on the thread of the test. */
  runFunction(fn: () => unknown, options: JobOptions = {}): Promise<FinishedJob> {
    return this.#submit({ ...findTask("echo"), fn }, options, []);
  }

  #submit(
    task: RunnableTask,
    jobOptions: JobOptions,
    args: readonly unknown[],
  ): Promise<FinishedJob> {
    const stored = makeJob(this.time.runtime, task, jobOptions, args);
    const { promise, resolve } = Promise.withResolvers<FinishedJob>();
    this.#waiting.set(stored.job.id, resolve);
    this.workers.submit(stored, task);
    return promise;
  }

  /** Opens a gate again and again, until a job that waits for it has ended. */
  async open(gate: string, until: Promise<unknown>): Promise<void> {
    let ended = false;
    const end = (): void => {
      ended = true;
    };
    const ending = within(`a job that waits for gate "${gate}" has ended`, until).finally(end);
    while (!ended) {
      openGate(gate);
      await settled();
    }
    await ending;
  }

  /** Lets time pass in small steps until something has happened. */
  async passUntil(what: Promise<unknown>): Promise<void> {
    let happened = false;
    const happening = within("what the test lets time pass for", what).finally(() => {
      happened = true;
    });
    await settled();
    while (!happened) await this.time.pass(5);
    await happening;
  }
}

/** What a task that succeeded returned. */
export function valueOf({ result }: FinishedJob): unknown {
  if (!result.ok) throw new assert.AssertionError({ message: `failed: ${String(result.error)}` });
  return result.value;
}

/** What a task that failed threw. */
export function errorOf({ result }: FinishedJob): unknown {
  if (result.ok) assert.fail(`the task succeeded with ${JSON.stringify(result.value)}`);
  return result.error;
}

function findTask(name: string): RunnableTask {
  const task = conformanceTasks.definitions.find((definition) => definition.name === name);
  if (task === undefined || !isRunnable(task))
    throw new TypeError(`no task "${name}" to test with`);
  return task;
}

/** A job as a broker gives it. */
function makeJob(
  runtime: Runtime,
  task: RunnableTask,
  options: JobOptions,
  args: readonly unknown[],
): StoredJob {
  const handle: Task = new Tasks().declare<never>(task.name).with(options);
  const context = { id: runtime.newId(), nowMs: runtime.clock.now() };
  const { wire } = newJob(task, { task: handle, at: undefined, args }, context);
  return decodeJob(wire, JobStatus.RUNNING);
}
