import assert from "node:assert/strict";

import type { Broker } from "../../../src/brokers/broker.ts";
import { BrokerError } from "../../../src/core/errors.ts";
import { rewriteJob } from "../../../src/core/job-codec.ts";
import { JobStatus } from "../../../src/core/job-status.ts";
import type { StoredJob } from "../../../src/core/job.ts";
import type { Outcome } from "../../../src/core/outcome.ts";
import type { TaskDefinition } from "../../../src/core/task.ts";
import {
  JobMaker,
  type TestCluster,
  testTask,
} from "../../../src/testing/conformance/test-cluster.ts";
import {
  ClusterModel,
  type ModelJob,
  type ModelOutcome,
  QUEUES,
  type QueueName,
  type Statement,
  type TaskName,
  TASKS,
} from "./cluster-model.ts";

/** How much time passes in a leap, in ms: more than a day, and no multiple of a period. */
export const LEAP_MS = 91_800_000;

/** Between the due times of two jobs, in ms: so much longer than a step takes that their order is certain. */
const SLOT_MS = 60_000;

/** Each broker of the cluster holds what it took: the model's job, and the real one. */
interface Held {
  readonly model: ModelJob;
  readonly stored: StoredJob;
}

/** A cluster, and how its time passes. */
export interface ModelCluster extends TestCluster {
  /**
   * Lets `LEAP_MS` pass, or moves what waits as if it had. Resolves to how much the time that passed differs from
   * what `now` says, in ms.
   */
  leap(): Promise<number>;
  /** How far a time it tells may be off, in ms. */
  readonly precisionMs: number;
}

/** Does to the brokers what it does to the model, and compares what comes back. */
export class ModelRun {
  readonly #cluster: ModelCluster;
  readonly #brokers: readonly Broker[];
  readonly #jobs: JobMaker;
  readonly #model = new ClusterModel();
  readonly #held: Held[][];
  /** What was settled already: told again, it must do nothing. */
  readonly #told: Outcome[][];
  #keys = 0;
  /** How far the model's time is ahead of the brokers' clock, in ms. */
  #leaptMs = 0;

  constructor(cluster: ModelCluster, brokers: readonly Broker[]) {
    this.#cluster = cluster;
    this.#brokers = brokers;
    this.#jobs = new JobMaker(cluster);
    this.#held = brokers.map(() => []);
    this.#told = brokers.map(() => []);
  }

  /** @param slots - for each job 0 for now, -1 for a date that has passed, or a slot of the future of its own */
  async enqueue(broker: number, task: TaskName, slots: readonly number[]): Promise<void> {
    const nowMs = this.#nowMs;
    const stored = slots.map((slot) => {
      const key = (this.#keys += 1);
      const atMs = slot > 0 ? this.#slotMs(nowMs, slot) : nowMs + slot * SLOT_MS;
      this.#model.enqueue({ key, task, retries: 0 }, atMs, nowMs);
      return this.#jobs.make(
        definition({ task }),
        [key],
        slot === 0 ? undefined : atMs - this.#leaptMs,
      );
    });
    await this.#broker(broker).enqueue(stored);
  }

  /** @param endings - for each held job, oldest first, how it ends; `keep` if it does not */
  async exchange(
    broker: number,
    endings: ReadonlyArray<ModelOutcome["kind"] | "later" | "keep">,
    { queues, max }: { readonly queues: readonly QueueName[]; readonly max: number },
  ): Promise<void> {
    const nowMs = this.#nowMs;
    const stale = this.#staleOf(broker);
    const { real, model } = this.#outcomes(broker, endings, nowMs);
    const outcomes = [...stale, ...real];
    this.#model.settle(broker, model, nowMs);
    const expected = this.#model.take(broker, queues, max);
    const reply = await this.#broker(broker).exchange({ outcomes, queues, max });
    this.#told[broker] = outcomes.slice(-8);
    this.#took(broker, expected, reply.jobs);
    if (max > 0 && reply.jobs.length < max) assert.equal(reply.more, false, "more");
    this.#compareDue(reply.nextDueMs);
  }

  async tick(): Promise<void> {
    this.#model.tick(this.#nowMs);
    const { nextDueMs } = await this.#broker(0).tick();
    this.#compareDue(nextDueMs);
  }

  async leap(): Promise<void> {
    this.#leaptMs += await this.#cluster.leap();
  }

  async register(broker: number, statements: readonly Statement[]): Promise<void> {
    this.#model.register(broker, statements, this.#nowMs);
    await this.#broker(broker).register(statements.map(definition));
  }

  /** What the process knows is left out, whether it is held or not. */
  async reconcile(
    broker: number,
    isKnown: readonly boolean[],
    queues: readonly QueueName[],
  ): Promise<void> {
    const held = this.#heldBy(broker);
    const known = held.filter((_, index) => isKnown[index % isKnown.length] === true);
    const ids = new Set([...known.map(({ stored }) => stored.job.id), "another"]);
    const found = await this.#broker(broker).reconcile({ queues, known: ids });
    const expected = held
      .filter((each) => !known.includes(each) && queues.includes(TASKS[each.model.task].queue))
      .map(({ stored }) => stored.wire);
    const wires = found.map(({ wire }) => wire);
    assert.deepEqual(wires.toSorted(), expected.toSorted(), "reconcile");
  }

  /** A broker is given up while it holds jobs; what it says afterwards is not heard. */
  async die(broker: number, by: number): Promise<void> {
    await this.#leaveOneAQueue(broker);
    const held = this.#heldBy(broker).splice(0);
    const reenqueued = this.#model.rescue(broker);
    const reply = await this.#broker(by).rescue(this.#broker(broker).id);
    assert.equal(reply.reenqueued, reenqueued, "rescue");
    assert.equal(reply.failed.length, held.length - reenqueued, "rescue");
    const outcomes = held.map(({ stored }): Outcome => ({ kind: "released", stored }));
    await findOut(this.#broker(broker), outcomes);
    this.#told[broker] = outcomes;
  }

  async compareQueues(): Promise<void> {
    for (const queue of QUEUES) {
      const isEmpty = await this.#broker(0).isQueueEmpty(queue);
      assert.equal(isEmpty, this.#model.isEmpty(queue), `isQueueEmpty(${queue})`);
    }
  }

  /** At the end all that is anywhere comes out, as the model says. */
  async drain(): Promise<void> {
    // By the one that joined last, whose definitions count.
    await this.register(this.#brokers.length - 1, [{ task: "beat" }, { task: "pulse" }]);
    await this.leap();
    await this.tick();
    while (QUEUES.some((queue) => !this.#model.isEmpty(queue))) {
      for (const broker of this.#brokers.keys()) {
        const endings = this.#heldBy(broker).map(() => "succeeded" as const);
        await this.exchange(broker, endings, { queues: QUEUES, max: 5 });
      }
    }
    await this.compareQueues();
  }

  #outcomes(
    broker: number,
    endings: ReadonlyArray<ModelOutcome["kind"] | "later" | "keep">,
    nowMs: number,
  ): { readonly real: readonly Outcome[]; readonly model: readonly ModelOutcome[] } {
    const real: Outcome[] = [];
    const model: ModelOutcome[] = [];
    for (const [index, { model: job, stored }] of [...this.#heldBy(broker)].entries()) {
      const ending = endings[index] ?? "keep";
      const isRetry = ending === "retried" || ending === "later";
      if (ending === "keep" || (isRetry && stored.job.retries >= stored.job.maxRetries)) continue;
      const atMs = ending === "later" ? this.#slotMs(nowMs, (this.#keys += 1) % 1000) : nowMs;
      real.push(isRetry ? retried(stored, atMs - this.#leaptMs) : outcomeOf(ending, stored));
      model.push({ kind: isRetry ? "retried" : ending, job, atMs });
    }
    const done = new Set(model.map(({ job }) => job));
    this.#held[broker] = this.#heldBy(broker).filter((each) => !done.has(each.model));
    return { real, model };
  }

  /** Outcomes that were told before, of jobs that the broker does not hold now. */
  #staleOf(broker: number): readonly Outcome[] {
    const held = new Set(this.#heldBy(broker).map(({ stored }) => stored.job.id));
    const retaken = this.#told[broker] ?? [];
    return retaken.filter(({ stored }) => !held.has(stored.job.id));
  }

  #took(broker: number, expected: readonly ModelJob[], jobs: readonly StoredJob[]): void {
    const shown = jobs.map(({ job: { args, taskName, retries } }) => [args[0], taskName, retries]);
    const wanted = expected.map(({ key, task, retries }) => [key, task, retries]);
    assert.deepEqual(shown, wanted, "exchange");
    for (const [index, stored] of jobs.entries()) {
      const model = expected[index];
      if (model !== undefined) this.#heldBy(broker).push({ model, stored });
    }
  }

  #compareDue(nextDueMs: number | undefined): void {
    const { nextAtMs } = this.#model;
    assert.equal(nextDueMs === undefined, nextAtMs === undefined, "nextDueMs");
    if (nextDueMs === undefined || nextAtMs === undefined) return;
    const expected = Math.max(0, nextAtMs - this.#nowMs);
    const offMs = Math.abs(nextDueMs - expected);
    assert.ok(offMs <= this.#cluster.precisionMs, `nextDueMs: ${nextDueMs}, not ${expected}`);
  }

  /** In which order several of them go back, no broker promises. */
  async #leaveOneAQueue(broker: number): Promise<void> {
    const seen = new Set<QueueName>();
    const endings = this.#heldBy(broker).map(({ model: { task, retries } }) => {
      if (retries >= TASKS[task].maxRetries) return "keep" as const;
      const { queue } = TASKS[task];
      const isFirst = !seen.has(queue);
      seen.add(queue);
      return isFirst ? ("keep" as const) : ("succeeded" as const);
    });
    await this.exchange(broker, endings, { queues: [], max: 0 });
  }

  get #nowMs(): number {
    return this.#cluster.now() + this.#leaptMs;
  }

  #slotMs(nowMs: number, slot: number): number {
    return nowMs + slot * SLOT_MS;
  }

  #heldBy(broker: number): Held[] {
    return (this.#held[broker] ??= []);
  }

  #broker(index: number): Broker {
    const broker = this.#brokers[index];
    assert.ok(broker !== undefined);
    return broker;
  }
}

/** Empties the namespace; each broker goes on as another. */
export async function reset(brokers: readonly Broker[]): Promise<void> {
  await brokers[0]?.flush();
  for (const broker of brokers) {
    await findOut(broker, []);
    await broker.register([]);
  }
}

/** Until the broker is of the cluster again. Its heartbeat may have found out before. */
async function findOut(broker: Broker, outcomes: readonly Outcome[]): Promise<void> {
  try {
    const { jobs } = await broker.exchange({ outcomes, queues: [], max: 0 });
    assert.deepEqual(jobs, []);
  } catch (error) {
    assert.ok(error instanceof BrokerError);
    await broker.register([]);
  }
}

/** The task of a statement. */
export function definition({ task, limit, periodMs }: Statement): TaskDefinition {
  return testTask(task, { ...TASKS[task], maxConcurrency: limit, periodicity: periodMs });
}

function outcomeOf(kind: "succeeded" | "failed" | "released", stored: StoredJob): Outcome {
  return kind === "failed" ? { kind, stored, error: new Error("failed") } : { kind, stored };
}

function retried(stored: StoredJob, atMs: number): Outcome {
  const retries = stored.job.retries + 1;
  const next = rewriteJob(stored, { status: JobStatus.WAITING, retries, atMs });
  return { kind: "retried", stored: next, error: new Error("failed") };
}
