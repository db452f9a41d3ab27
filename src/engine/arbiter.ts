import type { Broker, ExchangeReply } from "../brokers/broker.ts";
import { BrokerError, LeaseLostError } from "../core/errors.ts";
import type { StoredJob } from "../core/job.ts";
import { type Moment, type Outcome, settle } from "../core/outcome.ts";
import type { Runtime } from "../platform/runtime.ts";
import { Yielder } from "../platform/yielder.ts";
import type { FinishedJob, Workers } from "../workers/workers.ts";
import { BrokerTrouble } from "./broker-trouble.ts";
import { CallDeadline } from "./call-deadline.ts";
import type { JobReporter } from "./job-reporter.ts";
import { LocalQueue } from "./local-queue.ts";
import { Outbox } from "./outbox.ts";
import { LOOK_EVERY_MS, QueueHint } from "./queue-hint.ts";
import { Sleeper } from "./sleeper.ts";
import type { TaskCatalog } from "./task-catalog.ts";
import { TickPlan } from "./tick-plan.ts";

/**
 * How often the tasks are stated to the broker again, in ms: a Python process that starts deletes the
 * periods and limits of others, and a broker forgets tasks that nobody states.
 */
const STATE_EVERY_MS = 120_000;

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
 *                +------ a reason: wake-up, finished job, due time, 60 s ------+
 *                v                                                             |
 *   start ---> step: [register] [reconcile] [tick] [exchange] ------------> asleep
 *                |  ^                            |
 *                |  +--------- backoff <---------+ the broker failed
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
  readonly #deadline: CallDeadline;
  readonly #yielder: Yielder;
  readonly #local: LocalQueue;
  #state: "running" | "draining" | "flushing" | "ended" = "running";
  /** Ended jobs that the broker has not been told of. */
  readonly #outbox = new Outbox();
  readonly #hint: QueueHint;
  /** When to state the tasks to the broker, on the monotonic clock. */
  #stateAtMs = 0;
  /** Before that no job is taken: its limit might not be known. */
  #hasStated = false;
  /** Jobs that ran when the lease was lost: whatever comes of them is not said. */
  readonly #lost = new WeakSet<StoredJob>();
  /** How often the lease was lost. */
  #leases = 0;
  /** Whether to ask if the queue is empty: once after each trip. */
  #mustAskIfEmpty = false;
  readonly #plan: TickPlan;
  #stopHearing: (() => void) | undefined;
  #stopFearing: (() => void) | undefined;
  /** Resolves once a stop need not wait any more. */
  readonly #quiet = Promise.withResolvers<void>();
  #loop: Promise<void> | undefined;

  constructor(parts: ArbiterParts) {
    this.#parts = parts;
    this.#yielder = new Yielder(parts.runtime);
    this.#hint = new QueueHint(parts.runtime.clock);
    this.#plan = new TickPlan(parts.runtime.clock);
    this.#local = new LocalQueue({
      ...parts,
      yielder: this.#yielder,
      onUnknown: (finished) => {
        this.finished(finished);
      },
    });
    this.#sleeper = new Sleeper(parts.runtime.timers);
    this.#trouble = new BrokerTrouble(parts);
    this.#deadline = new CallDeadline(parts.runtime.timers);
  }

  /** Starts the loop, whose first step states the tasks to the broker. */
  start(): void {
    const { broker, queue } = this.#parts;
    this.#stopHearing = broker.onWakeUp(
      (woken) => {
        if (woken !== undefined && woken !== queue) return;
        this.#hint.woken();
        this.#sleeper.wake();
      },
      // Not while a trip is under way: what that brings is not in hand yet.
      (asked) => asked === queue && this.#sleeper.isAsleep && this.#isIdle(),
    );
    this.#stopFearing = broker.onLeaseLost(() => {
      this.#leaseLost();
    });
    this.#loop = this.#run();
  }

  /** Takes no new jobs from now on. The loop goes on, to settle those that end. */
  stopTaking(): void {
    if (this.#state !== "running") return;
    this.#state = "draining";
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
    this.#reportUntold();
    // A call that nothing depends on any more is not waited for.
    this.#deadline.giveUp();
  }

  /** Ends for good, at once, and leaves to the next arbiter what is not done. After `stop`; twice is as once. */
  async end(): Promise<Outbox> {
    this.#state = "ended";
    this.#deadline.giveUp();
    this.#trouble.hurry();
    this.#sleeper.wake();
    await this.#loop;
    this.#stopFearing?.();
    return this.#outbox;
  }

  /** Whether the loop was ever started. */
  get hasStarted(): boolean {
    return this.#loop !== undefined;
  }

  /** Tasks were added: the broker must hear of them. */
  tasksChanged(): void {
    this.#stateAtMs = 0;
    this.#sleeper.wake();
  }

  /** What this process had is others' now: nothing of it is said to the broker any more. */
  #leaseLost(): void {
    const { workers } = this.#parts;
    for (const stored of workers.running) this.#lost.add(stored);
    this.#outbox.clear();
    this.#local.clear();
    this.#leases += 1;
    this.#hint.woken();
    workers.abort(({ job }) => new LeaseLostError(job.taskName));
    this.#sleeper.wake();
  }

  /** Decides what becomes of a job whose task has ended. */
  finished(finished: FinishedJob): void {
    const isLost = this.#lost.has(finished.stored);
    const outcome = isLost ? undefined : settle(finished.stored, finished.result, this.#moment);
    if (outcome !== undefined) this.#outbox.add(outcome);
    this.#sleeper.wake();
    this.#parts.reporter.finished(finished, outcome);
    this.#local.ended(finished.durationMs);
  }

  readonly #moment = (): Moment => {
    const { clock, random } = this.#parts.runtime;
    return { nowMs: clock.now(), random: random() };
  };

  /** One round of the loop: whatever there is a reason for. Rejects if the broker does. */
  async step(): Promise<void> {
    if (this.#local.isOverdue) this.#release(this.#local.clear());
    if (this.#mustReconcile()) await this.#reconcile();
    const upkeep = this.#state === "running" ? await this.#upkeep() : undefined;
    if (!this.#outbox.isEmpty || this.#canTake()) await this.#exchange();
    if (upkeep !== undefined) throw upkeep.error;
    if (this.#mustAskIfEmpty && this.#isIdle()) await this.#askIfEmpty();
    this.#trouble.recovered();
  }

  /** What fails here, because a store is full for example, must not keep jobs from ending. */
  async #upkeep(): Promise<{ readonly error: unknown } | undefined> {
    try {
      if (this.#mustState()) await this.#register();
      if (this.#plan.isDue) await this.#tick();
      return undefined;
    } catch (error) {
      return { error };
    }
  }

  async #run(): Promise<void> {
    await this.#takeOver();
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
    this.#quiet.resolve();
  }

  async #takeOver(): Promise<void> {
    const outbox = await this.#parts.takeOver();
    if (outbox !== undefined) this.#outbox.inherit(outbox);
  }

  async #register(): Promise<void> {
    const { broker, tasks, runtime } = this.#parts;
    // Before the call: tasks that are added meanwhile must be stated too.
    this.#stateAtMs = runtime.clock.monotonic() + STATE_EVERY_MS;
    try {
      await this.#deadline.bound("register", broker.register(tasks.all));
      this.#hasStated = true;
    } catch (error) {
      this.#stateAtMs = 0;
      throw error;
    }
  }

  async #tick(): Promise<void> {
    const { nextDueMs } = await this.#deadline.bound("tick", this.#parts.broker.tick());
    this.#plan.ticked(nextDueMs);
  }

  /** Asks for the jobs that a lost reply brought. They never started, so any of them may. */
  async #reconcile(): Promise<void> {
    const { broker, queue, workers } = this.#parts;
    // A lost run may go on while its job comes again: that one is another.
    const running = workers.running.filter((stored) => !this.#lost.has(stored));
    const all = [...running, ...this.#local.jobs, ...this.#outbox.jobs];
    const known = new Set(all.map(({ job }) => job.id));
    const reconciling = broker.reconcile({ queues: [queue], known });
    const leases = this.#leases;
    const jobs = await this.#deadline.bound("reconcile", reconciling);
    if (leases !== this.#leases) return;
    this.#outbox.looked();
    this.#local.push(jobs);
    await this.#deliver();
  }

  async #exchange(): Promise<void> {
    const max = this.#canTake() ? this.#local.room : 0;
    const outcomes = this.#outbox.take();
    if (max > 0) this.#hint.looks();
    const reply = await this.#trip(outcomes, max);
    if (max > 0 && reply.more) this.#hint.woken();
    this.#mustAskIfEmpty = this.#parts.onQueueEmpty !== undefined;
    this.#plan.told(reply.nextDueMs);
    await this.#deliver();
  }

  async #trip(outcomes: readonly Outcome[], max: number): Promise<ExchangeReply> {
    const { broker, queue } = this.#parts;
    const leases = this.#leases;
    try {
      const reply = await this.#deadline.bound(
        "exchange",
        broker.exchange({ outcomes, queues: [queue], max }),
      );
      if (leases !== this.#leases) {
        throw new BrokerError(
          "the lease was lost while a trip was under way: its jobs are others'",
        );
      }
      this.#outbox.told();
      // Right here: should the lease be lost from now on, they are known.
      this.#local.bring(reply);
      return reply;
    } catch (error) {
      if (leases === this.#leases) this.#outbox.failed(this.#parts.runtime.clock.monotonic());
      this.#hint.woken();
      throw error;
    }
  }

  async #deliver(): Promise<void> {
    if (this.#state !== "running") this.#release(this.#local.clear());
    else if (this.#local.overlaps && this.#canTake()) void this.#local.startLater();
    else await this.#local.start();
  }

  /** Back to the head of the queue, in order. */
  #release(jobs: readonly StoredJob[]): void {
    for (const stored of jobs) this.#outbox.add({ kind: "released", stored });
    if (jobs.length > 0) this.#sleeper.wake();
  }

  async #askIfEmpty(): Promise<void> {
    const { broker, queue, onQueueEmpty } = this.#parts;
    const isEmpty = await this.#deadline.bound("isQueueEmpty", broker.isQueueEmpty(queue));
    this.#mustAskIfEmpty = false;
    if (isEmpty && this.#isIdle()) onQueueEmpty?.();
  }

  /** Running, with nothing in hand and nothing to expect from the queue. */
  #isIdle(): boolean {
    const { workers } = this.#parts;
    return (
      this.#state === "running" &&
      !this.#hint.mayHoldJobs &&
      this.#outbox.isEmpty &&
      this.#local.isEmpty &&
      workers.availableSlots === workers.number
    );
  }

  #canTake(): boolean {
    if (this.#state !== "running" || !this.#hasStated) return false;
    return this.#hint.mayHoldJobs && this.#local.room > 0;
  }

  #mustReconcile(): boolean {
    return this.#outbox.lookAtMs <= this.#parts.runtime.clock.monotonic();
  }

  #mustState(): boolean {
    return this.#stateAtMs <= this.#parts.runtime.clock.monotonic();
  }

  #hasReason(): boolean {
    if (!this.#outbox.isEmpty || this.#mustReconcile() || this.#isOver()) return true;
    if (this.#local.isOverdue) return true;
    if (this.#state !== "running") return false;
    if (this.#mustAskIfEmpty && this.#isIdle()) return true;
    return this.#mustState() || this.#plan.isDue || this.#canTake();
  }

  #isOver(): boolean {
    return this.#state === "ended" || (this.#isQuiet() && this.#outbox.lookAtMs === Infinity);
  }

  /** Whether a stop need not wait: all is told, and nothing is to be looked for now. */
  #isQuiet(): boolean {
    return this.#state === "flushing" && this.#outbox.isEmpty && !this.#mustReconcile();
  }

  async #sleep(): Promise<void> {
    const nowMs = this.#parts.runtime.clock.monotonic();
    const { lookAtMs } = this.#hint;
    const isRunning = this.#state === "running";
    const dueAtMs = isRunning ? Math.min(this.#plan.dueAtMs, this.#stateAtMs, lookAtMs) : Infinity;
    const wakeAtMs = Math.min(dueAtMs, this.#outbox.lookAtMs, this.#local.overdueAtMs);
    const delayMs = Math.min(LOOK_EVERY_MS, Math.max(0, Math.ceil(wakeAtMs - nowMs)));
    await this.#sleeper.sleep(delayMs);
  }

  #reportUntold(): void {
    const untold = this.#outbox.jobs;
    if (untold.length === 0) return;
    const { runtime, queue } = this.#parts;
    runtime.logger.error(
      { queue, jobs: untold.map(({ job }) => job.id) },
      `stopped before the broker could be told of ${untold.length} finished job(s)`,
    );
  }
}
