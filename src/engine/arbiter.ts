import { AsyncLocalStorage } from "node:async_hooks";

import type { Broker, Claim, ExchangeReply, Taken } from "../brokers/broker.ts";
import { BrokerError, LeaseLostError } from "../core/errors.ts";
import type { StoredJob } from "../core/job.ts";
import type { Outcome } from "../core/outcome.ts";
import { promisesSettled } from "../platform/after-promises.ts";
import type { Runtime } from "../platform/runtime.ts";
import { Yielder } from "../platform/yielder.ts";
import type { FinishedJob, Workers } from "../workers/workers.ts";
import { BoundedBroker } from "./bounded-broker.ts";
import { BrokerTrouble } from "./broker-trouble.ts";
import { EmptyWatch } from "./empty-watch.ts";
import { JobEndings } from "./job-endings.ts";
import type { JobReporter } from "./job-reporter.ts";
import { LocalQueue } from "./local-queue.ts";
import { Outbox } from "./outbox.ts";
import { LOOK_EVERY_MS, QueueHint } from "./queue-hint.ts";
import { Sleeper } from "./sleeper.ts";
import type { TaskCatalog } from "./task-catalog.ts";
import { Upkeep } from "./upkeep.ts";

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
  /** Ends an earlier arbiter of this queue, if there was one, and hands over what that could not tell. */
  readonly takeOver: () => Promise<Outbox | undefined>;
}

/**
 * Brings finished jobs back to the broker and new ones from it, in one trip, and sleeps while there
 * is no reason for one.
 *
 * ```
 *                +-- a reason: wake-up, finished job, 60 s --+
 *                v                                           |
 *   start ---> step: [reconcile] [exchange] ------------> asleep
 *                |  ^                     |
 *                |  +----- backoff <------+ the broker failed
 *                v
 *              over
 *
 *   running --stopTaking()--> draining --stop()--> flushing --all told, nothing unknown, or end()--> ended
 *   takes and settles         only settles         stop() waits 3 s at most; the loop goes on behind it
 * ```
 */
export class Arbiter {
  readonly #parts: ArbiterParts;
  readonly #sleeper: Sleeper;
  readonly #trouble: BrokerTrouble;
  readonly #broker: BoundedBroker;
  readonly #yielder: Yielder;
  readonly #local: LocalQueue;
  #state: "running" | "draining" | "flushing" | "ended" = "running";
  /** Ended jobs that the broker has not been told of. */
  readonly #outbox = new Outbox();
  readonly #hint: QueueHint;
  readonly #upkeep: Upkeep;
  readonly #endings: JobEndings;
  /** How often the lease was lost. */
  #leases = 0;
  /** How often tasks were added. */
  #definitions = 0;
  readonly #empty: EmptyWatch;
  /** Runs what others call back, so that jobs do not see the async context of whoever did. */
  #inOwnContext = AsyncLocalStorage.snapshot();
  /** Whether jobs of this very process may be on their way here: see {@link ClaimJobs}. */
  #isClaiming = false;
  #stopHearing: (() => void) | undefined;
  #stopFearing: (() => void) | undefined;
  /** Resolves once a stop need not wait any more. */
  readonly #quiet = Promise.withResolvers<void>();
  #loop: Promise<void> | undefined;

  constructor(parts: ArbiterParts) {
    this.#parts = parts;
    this.#yielder = new Yielder(parts.runtime);
    this.#hint = new QueueHint(parts.runtime.clock);
    this.#endings = new JobEndings({ ...parts, outbox: this.#outbox });
    this.#local = new LocalQueue({
      ...parts,
      yielder: this.#yielder,
      onUnknown: (finished) => {
        this.finished(finished);
      },
    });
    this.#sleeper = new Sleeper(parts.runtime.timers);
    this.#trouble = new BrokerTrouble({ ...parts, doing: "exchange jobs" });
    this.#broker = new BoundedBroker(parts);
    this.#empty = new EmptyWatch({
      ...parts,
      broker: this.#broker,
      // Nor is a due job on its way into the queue.
      isDone: () => this.#isIdle() && this.#upkeep.isSettled,
    });
    this.#upkeep = new Upkeep({
      ...parts,
      yielder: this.#yielder,
      broker: this.#broker,
      onStep: () => {
        this.#sleeper.wake();
      },
    });
  }

  /** Starts the loops. The first fetch waits until the tasks are registered. */
  start(): void {
    const { broker, queue } = this.#parts;
    this.#inOwnContext = AsyncLocalStorage.snapshot();
    this.#stopHearing = broker.onWakeUp(
      (woken, isBack = false) => {
        if (woken !== undefined && woken !== queue) return;
        this.#hint.woken();
        this.#sleeper.wake();
        if (!isBack) return;
        // It may have come back empty, or without what it was told last.
        this.#upkeep.outdated();
        this.#trouble.tryNow();
      },
      (asked) => (asked === queue ? this.#claim() : undefined),
    );
    this.#stopFearing = broker.onLeaseLost(() => {
      this.#leaseLost();
    });
    this.#upkeep.start();
    this.#loop = this.#run();
  }

  /** Takes no new jobs from now on. The loop goes on, to settle those that end. */
  stopTaking(): void {
    if (this.#state !== "running") return;
    this.#state = "draining";
    void this.#upkeep.stop();
    this.#release(this.#local.close());
  }

  /**
   * To be called when the workers have ended. Resolves when all is told, or soon after all the same: what could
   * not be told is told as soon as the broker works, and what a lost reply brought is looked for, until `end`.
   */
  async stop(): Promise<void> {
    if (this.#loop === undefined || this.#state === "ended") return;
    this.#state = "flushing";
    this.#stopHearing?.();
    this.#sleeper.wake();
    this.#trouble.hurry();
    const deadline = new Sleeper(this.#parts.runtime.timers);
    await Promise.race([this.#quiet.promise, deadline.sleep(FLUSH_TIMEOUT_MS)]);
    deadline.wake();
    this.#parts.reporter.untold(this.#parts.queue, this.#outbox.jobs);
    // A call that nothing depends on any more is not waited for.
    this.#broker.giveUp();
  }

  /** Ends for good, at once, and leaves to the next arbiter what is not done. After `stop`; twice is as once. */
  async end(): Promise<Outbox> {
    this.#state = "ended";
    this.#broker.giveUp();
    this.#trouble.hurry();
    this.#sleeper.wake();
    await Promise.all([this.#loop, this.#upkeep.stop()]);
    this.#stopFearing?.();
    return this.#outbox;
  }

  /** Whether the loop was ever started. */
  get hasStarted(): boolean {
    return this.#loop !== undefined;
  }

  /** Tasks were added. What was fetched before the broker knew their limits goes back to it. */
  tasksChanged(): void {
    this.#definitions += 1;
    this.#upkeep.outdated();
    this.#release(this.#local.clear());
  }

  /** What this process had is others' now: nothing of it is said to the broker any more. */
  #leaseLost(): void {
    const { workers } = this.#parts;
    this.#endings.lose(workers.running);
    this.#outbox.clear();
    this.#local.clear();
    this.#leases += 1;
    this.#hint.woken();
    this.#upkeep.outdated();
    workers.abort(({ job }) => new LeaseLostError(job.taskName));
    this.#sleeper.wake();
  }

  /** Decides what becomes of a job whose task has ended. */
  finished(finished: FinishedJob): void {
    this.#endings.ended(finished);
    this.#sleeper.wake();
    this.#local.ended(finished.durationMs);
  }

  /** Workers have slots again, and no job has ended for that. */
  slotsFreed(): void {
    this.#sleeper.wake();
    this.#local.startSoon();
  }

  /** One round of the loop: whatever there is a reason for. Rejects if the broker does. */
  async step(): Promise<void> {
    if (this.#local.isOverdue) this.#release(this.#local.clear());
    if (this.#mustReconcile()) await this.#reconcile();
    // All jobs that end now go back in this trip, not the first of them alone.
    if (!this.#outbox.isEmpty) await promisesSettled();
    if (!this.#outbox.isEmpty || this.#canTake()) await this.#exchange();
    if (this.#empty.mustAsk) await this.#empty.ask();
    this.#trouble.recovered();
  }

  async #run(): Promise<void> {
    const untold = await this.#parts.takeOver();
    if (untold !== undefined) this.#outbox.inherit(untold);
    while (!this.#isOver()) {
      try {
        await this.step();
      } catch (error) {
        if (!this.#isOver()) await this.#trouble.backOff(error);
      }
      if (this.#isQuiet()) this.#quiet.resolve();
      if (this.#yielder.isDue) await this.#yielder.yield();
      // No await between the question and the sleep: a wake-up in between would be lost.
      if (!this.#hasReason()) await this.#sleep();
    }
    this.#broker.giveUp();
    this.#quiet.resolve();
  }

  /** Asks for the jobs that a lost reply brought. They never started, and go back: see {@link Arbiter.tasksChanged}. */
  async #reconcile(): Promise<void> {
    const { queue, workers } = this.#parts;
    const running = workers.running.filter((stored) => !this.#endings.isLost(stored));
    const all = [...running, ...this.#local.jobs, ...this.#outbox.jobs];
    const known = new Set(all.map(({ job }) => job.id));
    const leases = this.#leases;
    const jobs = await this.#broker.reconcile({ queues: [queue], known });
    if (leases !== this.#leases) return;
    this.#outbox.looked();
    this.#release(jobs);
  }

  async #exchange(): Promise<void> {
    const max = this.#canTake() ? this.#local.room : 0;
    const outcomes = this.#outbox.take();
    if (max > 0) this.#hint.looks();
    const reply = await this.#trip(outcomes, max);
    if (max > 0 && reply.more) this.#hint.woken();
    this.#empty.mayBeEmpty();
    // Where taking was refused, nobody has looked at what is planned.
    if (reply.refusal === undefined) this.#upkeep.told(reply.nextDueMs);
    await this.#deliver();
    if (reply.refusal !== undefined) throw reply.refusal;
  }

  async #trip(outcomes: readonly Outcome[], max: number): Promise<ExchangeReply> {
    const { queue } = this.#parts;
    const leases = this.#leases;
    const definitions = this.#definitions;
    try {
      const reply = await this.#broker.exchange({ outcomes, queues: [queue], max });
      if (leases !== this.#leases) {
        throw new BrokerError(
          "the lease was lost while a trip was under way: its jobs are others'",
        );
      }
      this.#outbox.told();
      // Right here: should the lease be lost from now on, they are known.
      this.#bring(reply, definitions);
      return reply;
    } catch (error) {
      if (leases === this.#leases) this.#outbox.failed(this.#parts.runtime.clock.monotonic());
      this.#hint.woken();
      throw error;
    }
  }

  /** @param definitions - as they were when the jobs were asked for */
  #bring(taken: Taken, definitions: number): void {
    if (definitions === this.#definitions) this.#local.bring(taken);
    else this.#release(taken.jobs);
  }

  async #deliver(): Promise<void> {
    if (this.#state !== "running") this.#release(this.#local.clear());
    else if (this.#local.overlaps && this.#canTake()) void this.#local.startLater();
    else await this.#local.start();
  }

  /** To jobs that this process is about to schedule; `undefined` unless it has nothing else. */
  #claim(): Claim | undefined {
    // Not while a trip is under way: what that brings is not in hand yet.
    if (!this.#sleeper.isAsleep || !this.#isIdle() || !this.#upkeep.isRegistered) return undefined;
    if (this.#local.room === 0) return undefined;
    const leases = this.#leases;
    const definitions = this.#definitions;
    this.#isClaiming = true;
    return this.#broker.claim(this.#local.room, (taken) => {
      this.#isClaiming = false;
      this.#sleeper.wake();
      // What was taken before the lease was lost is others'.
      if (leases === this.#leases) this.#inOwnContext(() => this.#claimed(taken, definitions));
    });
  }

  #claimed(taken: Taken | undefined, definitions: number): void {
    if (taken?.more !== false) this.#hint.woken();
    if (taken === undefined) {
      this.#outbox.mustLook(this.#parts.runtime.clock.monotonic());
      return;
    }
    this.#bring(taken, definitions);
    void this.#deliver();
  }

  /** Back to the head of the queue, in order. Others are told that they are there. */
  #release(jobs: readonly StoredJob[]): void {
    if (jobs.length === 0) return;
    for (const stored of jobs) this.#outbox.add({ kind: "released", stored });
    this.#hint.woken();
    this.#sleeper.wake();
  }

  /** Running, with nothing in hand and nothing to expect from the queue. */
  #isIdle(): boolean {
    const { workers } = this.#parts;
    return (
      this.#state === "running" &&
      !this.#isClaiming &&
      !this.#hint.mayHoldJobs &&
      this.#outbox.isEmpty &&
      this.#local.isEmpty &&
      workers.isIdle
    );
  }

  #canTake(): boolean {
    if (this.#state !== "running" || !this.#upkeep.isRegistered || this.#isClaiming) return false;
    return this.#hint.mayHoldJobs && this.#local.room > 0;
  }

  /** When to look for jobs of lost replies. Not while there may be claimed ones, whose reply is on its way. */
  get #lookAtMs(): number {
    return this.#isClaiming ? Infinity : this.#outbox.lookAtMs;
  }

  #mustReconcile(): boolean {
    return this.#lookAtMs <= this.#parts.runtime.clock.monotonic();
  }

  #hasReason(): boolean {
    if (!this.#outbox.isEmpty || this.#mustReconcile() || this.#isOver()) return true;
    if (this.#local.isOverdue) return true;
    if (this.#state !== "running") return false;
    return this.#empty.mustAsk || this.#canTake();
  }

  #isOver(): boolean {
    return this.#state === "ended" || (this.#isQuiet() && this.#outbox.lookAtMs === Infinity);
  }

  /** Whether a stop need not wait: all is told, and nothing is to be looked for now. */
  #isQuiet(): boolean {
    if (this.#state !== "flushing" || this.#isClaiming) return false;
    return this.#outbox.isEmpty && !this.#mustReconcile();
  }

  async #sleep(): Promise<void> {
    const nowMs = this.#parts.runtime.clock.monotonic();
    const hintAtMs = this.#state === "running" ? this.#hint.lookAtMs : Infinity;
    const wakeAtMs = Math.min(hintAtMs, this.#lookAtMs, this.#local.overdueAtMs);
    const delayMs = Math.min(LOOK_EVERY_MS, Math.max(0, Math.ceil(wakeAtMs - nowMs)));
    await this.#sleeper.sleep(delayMs);
  }
}
