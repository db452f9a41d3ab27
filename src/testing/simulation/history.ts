import type { StoredJob } from "../../core/job.ts";
import type { Outcome } from "../../core/outcome.ts";
import type { Checks, Facts, Invariant, Past } from "./invariant.ts";
import {
  maxRetriesOf,
  newExecution,
  newJobRecord,
  timeoutOf,
  type Delivery,
  type Execution,
  type JobRecord,
  type StopRecord,
} from "./records.ts";
import {
  delayOf,
  isCalm,
  isTaskName,
  type JobPlan,
  type Scenario,
  type TaskName,
} from "./scenario.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
import type { World } from "./world.ts";

/** A promise that was broken. */
export interface Violation {
  /** Name of the invariant, which starts with the number of the promise. */
  readonly invariant: string;
  readonly message: string;
}

/**
 * All that happened so far in a run, as an observer sees it who is everywhere at once; each fact is shown to the
 * invariants. The first one that is broken stays.
 */
export class History implements Past {
  readonly world: World;
  readonly jobs: JobRecord[] = [];
  readonly executions: Execution[] = [];
  readonly stops: StopRecord[] = [];
  readonly condemned: Set<string> = new Set();
  readonly processes: SimulatedProcess[] = [];
  /** When the periodic task was first stated. */
  statedAtMs: number | undefined;
  readonly leftInBroker: Set<string> = new Set();
  /** Whether nothing goes wrong in this run. */
  readonly isCalm: boolean;
  readonly hasBeat: boolean;
  /** When the last fault ended. */
  healedAtMs: number | undefined;
  violation: Violation | undefined;
  readonly #byKey = new Map<string, JobRecord>();
  readonly #byId = new Map<string, JobRecord>();
  #places = 0;
  #open = 0;
  readonly #invariants: readonly Invariant[];

  constructor(world: World, scenario: Scenario, invariants: readonly Invariant[]) {
    this.world = world;
    this.isCalm = isCalm(scenario);
    this.hasBeat = scenario.hasBeat;
    this.#invariants = invariants;
  }

  get nowMs(): number {
    return this.world.nowMs;
  }

  /** How many scheduled jobs the broker has that have not ended. */
  get open(): number {
    return this.#open;
  }

  /** Somebody calls `schedule`. */
  asked(plan: JobPlan): JobRecord {
    const job = this.#record(plan.key, plan);
    this.#byKey.set(plan.key, job);
    return job;
  }

  confirmed(key: string, id: string): void {
    const job = this.#byKey.get(key);
    if (job === undefined) return;
    job.confirmedId = id;
    this.#show("confirmed", job);
  }

  /** A scheduled job came into the broker. @param dueAtMs - by its date */
  entered({ job: { id, args } }: StoredJob, dueAtMs: number): void {
    const job = this.#byKey.get(String(args[0]));
    if (job === undefined) return;
    job.ids.push(id);
    this.#byId.set(id, job);
    if (job.state === "outside") this.#open += 1;
    job.bornAtMs = this.world.nowMs;
    const delayMs = job.plan && delayOf(job.plan);
    this.#wait(job, delayMs === undefined ? dueAtMs : this.world.nowMs + delayMs);
    this.world.say(() => `broker has ${job.key} (${job.task})`);
    this.#show("entered", job);
  }

  /** A process has stated its tasks. */
  released(limits: Facts["released"]): void {
    this.#show("released", limits);
  }

  /** A periodic task was due. */
  madePeriodic(id: string): void {
    const job = this.#record(`periodic ${id.slice(0, 4)}`, undefined);
    job.ids.push(id);
    this.#byId.set(id, job);
    job.bornAtMs = this.world.nowMs;
    this.#wait(job, this.world.nowMs);
    job.place = undefined;
    this.world.say(() => `broker makes ${job.key}`);
    this.#show("made", job);
  }

  taken(holder: string, { job: { id, taskName, retries }, wire }: StoredJob): void {
    const job = this.#byId.get(id);
    if (job === undefined) return;
    if (isTaskName(taskName)) job.task ??= taskName;
    const takenAtMs = this.world.nowMs;
    const delivery: Delivery = {
      job,
      holder,
      wire,
      retries,
      takenAtMs,
      execution: undefined,
      end: undefined,
    };
    this.world.say(() => `broker gives ${job.key} to ${holder.slice(0, 4)}`);
    this.#show("taken", delivery);
    job.state = "held";
    job.deliveries.push(delivery);
  }

  /** An outcome reached the broker. */
  told(holder: string, { kind, stored }: Outcome, dueAtMs: number): void {
    const job = this.#byId.get(stored.job.id);
    if (job === undefined) return;
    const last = job.deliveries.at(-1);
    const isHeld = job.state === "held" && last?.holder === holder && last.end === undefined;
    const delivery = isHeld ? last : undefined;
    this.world.say(
      () =>
        `broker hears from ${holder.slice(0, 4)}: ${kind} ${job.key}${isHeld ? "" : " (not its own)"}`,
    );
    // If so it is the outcome of the run before: this delivery, which nobody knows of, is put back.
    const isRepeated = delivery !== undefined && isRepetition(delivery, kind);
    this.#show("told", { holder, kind, job, delivery, isRepeated });
    if (delivery === undefined)
      job.wasToldByOther ||= last?.holder !== holder || last.end === "rescued";
    else this.#settle(delivery, isRepeated ? "released" : kind, dueAtMs);
  }

  /** The broker gave a member up, and took over what it held. */
  rescued(holder: string): void {
    this.condemned.add(holder);
    this.world.say(() => `broker gives ${holder.slice(0, 4)} up`);
    for (const job of this.jobs) {
      const last = job.deliveries.at(-1);
      if (job.state !== "held" || last?.holder !== holder) continue;
      const isOver = job.failures >= maxRetriesOf(job);
      job.failures += 1;
      this.#settle(last, "rescued", this.world.nowMs);
      if (isOver) this.#end(job, "failed");
      else this.#wait(job, this.world.nowMs);
      job.place = undefined;
    }
  }

  /** A task starts. */
  started(
    process: SimulatedProcess,
    lease: string,
    id: string,
    args: readonly unknown[],
  ): Execution {
    const job = this.#byId.get(id) ?? this.#record(`unknown ${id}`, undefined);
    const startedAtMs = this.world.nowMs;
    const execution = newExecution({ job, process, lease, args, startedAtMs });
    this.world.say(() => `${process.name} starts ${job.key} as ${lease.slice(0, 4)}`);
    this.executions.push(execution);
    job.executions.push(execution);
    if (execution.delivery !== undefined) execution.delivery.execution = execution;
    this.#show("started", execution);
    return execution;
  }

  /** An engine said that a job has ended. */
  finished(process: SimulatedProcess, id: string, durationMs: number): void {
    // After a lost lease a process may run a job twice: it is the run that has ended, or was told to.
    const runs = this.executions.filter(
      (each) => each.process === process && !each.finishedAtMs && each.job.ids.includes(id),
    );
    const hasEnded = runs.find(({ how }) => how !== undefined);
    const execution = hasEnded ?? runs.find(({ abortCode }) => abortCode !== undefined) ?? runs[0];
    if (execution === undefined) return;
    execution.finishedAtMs = this.world.nowMs;
    execution.durationMs = durationMs;
    this.world.say(
      () => `${process.name} has ended ${execution.job.key}: ${execution.how ?? "given up"}`,
    );
    this.#show("finished", execution);
  }

  /** A process has heard that its lease is lost, and its engine was told. */
  heardLoss(process: SimulatedProcess, lease: string): void {
    this.world.say(() => `${process.name} hears that it lost its lease ${lease.slice(0, 4)}`);
    const isConcerned = (each: Execution): boolean =>
      each.process === process && each.lease === lease && each.finishedAtMs === undefined;
    for (const execution of this.executions.filter(isConcerned)) this.#show("lost", execution);
  }

  stopping(stop: Pick<StopRecord, "process" | "what" | "timeoutMs">): StopRecord {
    const { process, what, timeoutMs } = stop;
    const startedAtMs = this.world.nowMs;
    const heldBeforeMs = process.heldMs;
    const record = { process, what, timeoutMs, startedAtMs, heldBeforeMs, endedAtMs: undefined };
    this.world.say(() => `${process.name} ${what}s, timeout ${timeoutMs} ms`);
    this.stops.push(record);
    return record;
  }

  stopped(record: StopRecord): void {
    record.endedAtMs = this.world.nowMs;
    this.world.say(
      () => `${record.process.name} has ${record.what === "stop" ? "stopped" : "closed"}`,
    );
    this.#show("stopped", record);
  }

  /** Whether a task of this process has run for so long, in ms, and has no timeout that would end it. */
  hangs(process: SimulatedProcess, forMs: number): boolean {
    const sinceMs = this.world.nowMs - forMs;
    return this.executions.some(
      (run) =>
        run.process === process &&
        run.finishedAtMs === undefined &&
        run.startedAtMs <= sinceMs &&
        timeoutOf(run.job) === undefined,
    );
  }

  /** A call of a program rejected. */
  refused(error: unknown): void {
    this.#show("refused", error);
  }

  /** Nobody handled a rejection. */
  rejected(reason: unknown): void {
    this.#show("rejected", reason);
  }

  /** The limits were tried out at the end. */
  probed(counts: ReadonlyMap<TaskName, number>): void {
    this.#show("probed", counts);
  }

  /** Every job should have ended by now. */
  rested(): void {
    this.#show("rested", this);
  }

  /** All is over. */
  ended(): void {
    this.#show("ended", this);
  }

  #violate(invariant: string, message: string): void {
    if (this.violation !== undefined) return;
    this.violation = { invariant, message };
    this.world.say(() => `VIOLATION of ${invariant}: ${message}`);
  }

  #settle(delivery: Delivery, kind: Outcome["kind"] | "rescued", dueAtMs: number): void {
    const { job } = delivery;
    delivery.end = kind;
    if (kind === "succeeded" || kind === "failed") this.#end(job, kind);
    if (kind === "retried") job.failures += 1;
    if (kind === "retried" || kind === "released") {
      this.#wait(job, dueAtMs);
      job.place = undefined;
    }
  }

  #wait(job: JobRecord, dueAtMs: number): void {
    job.state = "waiting";
    job.enteredAtMs = this.world.nowMs;
    job.dueAtMs = dueAtMs;
    this.#places += 1;
    job.place = dueAtMs > this.world.nowMs ? undefined : this.#places;
  }

  #end(job: JobRecord, state: "succeeded" | "failed"): void {
    job.state = state;
    if (job.plan !== undefined) this.#open -= 1;
  }

  #record(key: string, plan: JobPlan | undefined): JobRecord {
    const job = newJobRecord(key, plan);
    this.jobs.push(job);
    return job;
  }

  #show<Fact extends keyof Facts>(name: Fact, fact: Facts[Fact]): void {
    for (const invariant of this.#invariants) {
      const checks: Checks = invariant;
      const message = checks[name]?.(fact, this);
      if (message !== undefined) this.#violate(invariant.name, message);
    }
  }
}

function isRepetition(delivery: Delivery, kind: Outcome["kind"]): boolean {
  const { job, holder, execution } = delivery;
  if (execution !== undefined || kind !== "retried") return false;
  // Replies may be lost one after the other: what came in between was put back as well.
  const before = job.deliveries.findLast((each) => each !== delivery && !wasPutBack(each));
  return before?.holder === holder && before.end === kind;
}

function wasPutBack({ execution, end }: Delivery): boolean {
  return execution === undefined && end === "released";
}
