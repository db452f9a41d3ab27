import type { Broker, ExchangeReply } from "../brokers/broker.ts";
import { type Backoff, backoffMs } from "../core/backoff.ts";
import { UnknownTaskError } from "../core/errors.ts";
import type { StoredJob } from "../core/job.ts";
import { type Moment, type Outcome, settle } from "../core/outcome.ts";
import type { Runtime } from "../platform/runtime.ts";
import type { FinishedJob, Workers } from "../workers/workers.ts";
import type { JobReporter } from "./job-reporter.ts";
import { Sleeper } from "./sleeper.ts";
import type { TaskCatalog } from "./task-catalog.ts";

/** Longest sleep, in ms: after it the arbiter looks by itself, should a wake-up have been lost. */
const MAX_SLEEP_MS = 60_000;

/** The loop is given back to sockets and timers at least this often, in ms. */
const YIELD_EVERY_MS = 5;

/** Between attempts while the broker fails: at once after a hiccup, kind to one that is down. */
const BROKER_BACKOFF: Backoff = { baseMs: 50, capMs: 10_000 };

/** Longest time that a stop waits for the broker to take the last outcomes, in ms. */
const FLUSH_TIMEOUT_MS = 3000;

/** The parts that an arbiter stands between. */
export interface ArbiterParts {
  readonly broker: Broker;
  readonly workers: Workers;
  readonly queue: string;
  readonly tasks: TaskCatalog;
  readonly reporter: JobReporter;
  readonly runtime: Runtime;
  /** Called when the queue is found empty and no job runs; `undefined` to never ask. */
  readonly onQueueEmpty: (() => void) | undefined;
}

/**
 * Brings finished jobs back to the broker and new ones from it, in one trip, and sleeps while there
 * is no reason for one.
 *
 * ```
 *                +------ a reason: wake-up, finished job, due time, 60 s ------+
 *                v                                                             |
 *   start ---> step: [register] [reconcile] [tick] [exchange] ------------> asleep
 *                |  ^                            |
 *                |  +--------- backoff <---------+ the broker failed
 *                v
 *              over
 *
 *   running --stopTaking()--> draining --stop()--> flushing --all told, or 3 s--> ended
 *   takes and settles         only settles         ends when all is told
 * ```
 */
export class Arbiter {
  readonly #parts: ArbiterParts;
  readonly #sleeper: Sleeper;
  readonly #backoff: Sleeper;
  #state: "running" | "draining" | "flushing" | "ended" = "running";
  /** Ended jobs that the broker has not been told of, oldest first. */
  #outcomes: Outcome[] = [];
  /** Whether the queue may hold jobs: true from a wake-up until a trip finds it empty. */
  #mayHoldJobs = true;
  #tasksChanged = true;
  /** A reply may have been lost, and the jobs in it. */
  #mustReconcile = false;
  /** When to tick next, on the monotonic clock. */
  #dueAtMs = 0;
  #failures = 0;
  #stopListening: (() => void) | undefined;
  #loop: Promise<void> | undefined;

  constructor(parts: ArbiterParts) {
    this.#parts = parts;
    this.#sleeper = new Sleeper(parts.runtime.timers);
    this.#backoff = new Sleeper(parts.runtime.timers);
  }

  /** Starts the loop, whose first step states the tasks to the broker. */
  start(): void {
    this.#stopListening = this.#parts.broker.onWakeUp((queue) => {
      if (queue !== undefined && queue !== this.#parts.queue) return;
      this.#mayHoldJobs = true;
      this.#sleeper.wake();
    });
    this.#loop = this.#run();
  }

  /** Takes no new jobs from now on. The loop goes on, to settle those that end. */
  stopTaking(): void {
    if (this.#state === "running") this.#state = "draining";
  }

  /** To be called when the workers have ended. Resolves when all is told, or soon after all the same. */
  async stop(): Promise<void> {
    if (this.#loop === undefined || this.#state === "ended") return;
    this.#state = "flushing";
    this.#sleeper.wake();
    this.#backoff.wake();
    const deadline = new Sleeper(this.#parts.runtime.timers);
    await Promise.race([this.#loop, deadline.sleep(FLUSH_TIMEOUT_MS)]);
    deadline.wake();
    this.#state = "ended";
    this.#backoff.wake();
    this.#stopListening?.();
    this.#reportUntold();
  }

  /** Tasks were added: the broker must hear of them. */
  tasksChanged(): void {
    this.#tasksChanged = true;
    this.#sleeper.wake();
  }

  /** Decides what becomes of a job whose task has ended. */
  finished(finished: FinishedJob): void {
    const outcome = settle(finished.stored, finished.result, this.#moment);
    if (outcome !== undefined) this.#outcomes.push(outcome);
    this.#sleeper.wake();
    this.#parts.reporter.finished(finished, outcome);
  }

  readonly #moment = (): Moment => {
    const { clock, random } = this.#parts.runtime;
    return { nowMs: clock.now(), random: random() };
  };

  /** One round of the loop: whatever there is a reason for. Rejects if the broker does. */
  async step(): Promise<void> {
    if (this.#mustReconcile) await this.#reconcile();
    if (this.#state === "running") {
      if (this.#tasksChanged) await this.#register();
      if (this.#isDue()) await this.#tick();
    }
    if (this.#outcomes.length > 0 || this.#canTake()) await this.#exchange();
    this.#recovered();
    await this.#askIfEmpty();
  }

  async #run(): Promise<void> {
    const { clock, timers } = this.#parts.runtime;
    let yieldedAtMs = clock.monotonic();
    while (!this.#isOver()) {
      try {
        await this.step();
      } catch (error) {
        await this.#backOff(error);
      }
      if (clock.monotonic() - yieldedAtMs >= YIELD_EVERY_MS) {
        await timers.yield();
        yieldedAtMs = clock.monotonic();
      }
      // No await between the question and the sleep: a wake-up in between would be lost.
      if (!this.#hasReason()) await this.#sleep();
    }
  }

  async #register(): Promise<void> {
    this.#tasksChanged = false;
    try {
      await this.#parts.broker.register(this.#parts.tasks.all);
    } catch (error) {
      this.#tasksChanged = true;
      throw error;
    }
  }

  async #tick(): Promise<void> {
    const { nextDueMs } = await this.#parts.broker.tick();
    this.#setDue(nextDueMs);
    this.#mayHoldJobs = true;
  }

  /** Asks for the jobs that a lost reply brought. They never started, so any of them may. */
  async #reconcile(): Promise<void> {
    const { broker, queue, workers } = this.#parts;
    const ended = this.#outcomes.map(({ stored }) => stored);
    const known = new Set([...workers.running, ...ended].map(({ job }) => job.id));
    const jobs = await broker.reconcile({ queues: [queue], known });
    this.#mustReconcile = false;
    this.#deliver(jobs);
  }

  async #exchange(): Promise<void> {
    const max = this.#canTake() ? this.#parts.workers.availableSlots : 0;
    const outcomes = this.#outcomes;
    this.#outcomes = [];
    // Before the trip: a wake-up that comes while it is under way must be heard.
    if (max > 0) this.#mayHoldJobs = false;
    const reply = await this.#trip(outcomes, max);
    if (max > 0 && reply.more) this.#mayHoldJobs = true;
    this.#setDue(reply.nextDueMs);
    this.#deliver(reply.jobs);
  }

  async #trip(outcomes: readonly Outcome[], max: number): Promise<ExchangeReply> {
    const { broker, queue } = this.#parts;
    try {
      return await broker.exchange({ outcomes, queues: [queue], max });
    } catch (error) {
      // Whether it took effect is unknown. Told twice, an outcome settles once; jobs it may have
      // taken are found by the next reconcile.
      this.#outcomes = [...outcomes, ...this.#outcomes];
      this.#mayHoldJobs = true;
      this.#mustReconcile = true;
      throw error;
    }
  }

  #deliver(jobs: readonly StoredJob[]): void {
    const { workers, tasks } = this.#parts;
    for (const stored of jobs) {
      if (this.#state !== "running" || workers.availableSlots === 0) {
        this.#outcomes.push({ kind: "released", stored });
        continue;
      }
      const task = tasks.runnable(stored.job.taskName);
      if (task === undefined) {
        const error = new UnknownTaskError(stored.job.taskName, tasks.runnableNames);
        this.finished({ stored, result: { ok: false, error }, durationMs: 0 });
        continue;
      }
      workers.submit(stored, task);
    }
  }

  async #askIfEmpty(): Promise<void> {
    const { broker, queue, onQueueEmpty } = this.#parts;
    if (onQueueEmpty === undefined || !this.#isIdle()) return;
    const isEmpty = await broker.isQueueEmpty(queue);
    if (isEmpty && this.#isIdle()) onQueueEmpty();
  }

  /** Running, with nothing in hand and nothing to expect from the queue. */
  #isIdle(): boolean {
    const { workers } = this.#parts;
    return (
      this.#state === "running" &&
      !this.#mayHoldJobs &&
      this.#outcomes.length === 0 &&
      workers.availableSlots === workers.number
    );
  }

  #canTake(): boolean {
    return this.#state === "running" && this.#mayHoldJobs && this.#parts.workers.availableSlots > 0;
  }

  #isDue(): boolean {
    return this.#dueAtMs <= this.#parts.runtime.clock.monotonic();
  }

  #setDue(nextDueMs: number | undefined): void {
    this.#dueAtMs = this.#parts.runtime.clock.monotonic() + (nextDueMs ?? Infinity);
  }

  #hasReason(): boolean {
    if (this.#outcomes.length > 0 || this.#mustReconcile || this.#isOver()) return true;
    if (this.#state !== "running") return false;
    return this.#tasksChanged || this.#isDue() || this.#canTake();
  }

  #isOver(): boolean {
    if (this.#state === "flushing") return this.#outcomes.length === 0 && !this.#mustReconcile;
    return this.#state === "ended";
  }

  async #sleep(): Promise<void> {
    const untilDueMs = this.#dueAtMs - this.#parts.runtime.clock.monotonic();
    const woken = await this.#sleeper.sleep(Math.ceil(Math.min(untilDueMs, MAX_SLEEP_MS)));
    if (!woken) this.#mayHoldJobs = true;
  }

  async #backOff(err: unknown): Promise<void> {
    const { runtime, queue } = this.#parts;
    this.#failures += 1;
    if (this.#failures === 1) {
      runtime.logger.warn({ err, queue }, "the broker failed, trying again until it works");
    }
    await this.#backoff.sleep(backoffMs(BROKER_BACKOFF, this.#failures, runtime.random()));
  }

  #recovered(): void {
    if (this.#failures === 0) return;
    const { runtime, queue } = this.#parts;
    runtime.logger.warn({ queue, attempts: this.#failures }, "the broker works again");
    this.#failures = 0;
  }

  #reportUntold(): void {
    if (this.#outcomes.length === 0) return;
    const { runtime, queue } = this.#parts;
    runtime.logger.error(
      { queue, jobs: this.#outcomes.map(({ stored }) => stored.job.id) },
      `stopped before the broker could be told of ${this.#outcomes.length} finished job(s)`,
    );
  }
}
