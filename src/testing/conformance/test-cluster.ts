import type { Broker } from "../../brokers/broker.ts";
import type { StoredJob } from "../../core/job.ts";
import { LAST_IN_MS, newJob } from "../../core/new-job.ts";
import type { TaskDefinition, TaskOptions } from "../../core/task.ts";
import { Tasks } from "../../core/tasks.ts";

/** Brokers of one kind that share one empty namespace, and the time they live in. */
export interface TestCluster {
  /** A new broker of the cluster, bound and started. */
  broker(): Promise<Broker>;
  /** The brokers' wall clock, epoch ms. */
  now(): number;
  /** Lets time pass: simulated if the brokers take their time from a runtime, else real. */
  pass(ms: number): Promise<void>;
  /** Sets the brokers' wall clock forward or back, in ms; missing where none of theirs counts. */
  jump?(ms: number): void;
  /** Stops every broker, and removes what they left. */
  close(): Promise<void>;
}

/** What a conformance suite needs to know of a kind of broker. */
export interface BrokerKind {
  /** For the titles of the tests. */
  readonly name: string;
  /** A cluster on an empty namespace. */
  createCluster(): Promise<TestCluster>;
}

/** A task with a function that is never called, as a broker sees it. */
export function testTask(name: string, options: TaskOptions = {}): TaskDefinition {
  const tasks = new Tasks();
  tasks.task(name, options, () => undefined);
  const [definition] = tasks.definitions;
  if (definition === undefined) throw new TypeError(`no task "${name}"`);
  return definition;
}

/** Makes jobs for a test, with ids that count up: `...-000000000001`. */
export class JobMaker {
  readonly #clock: Pick<TestCluster, "now">;
  #made = 0;

  /** @param clock - tells the brokers' time */
  constructor(clock: Pick<TestCluster, "now">) {
    this.#clock = clock;
  }

  /** @param atMs - epoch ms; now unless given */
  make(task: TaskDefinition, args: readonly unknown[] = [], atMs?: number): StoredJob {
    this.#made += 1;
    const at = atMs === undefined ? undefined : new Date(atMs);
    return newJob(
      task,
      { task: task.name, at, args },
      {
        id: `00000000-0000-4000-8000-${String(this.#made).padStart(12, "0")}`,
        nowMs: this.#clock.now(),
        order: this.#made % LAST_IN_MS,
      },
    );
  }

  makeMany(count: number, task: TaskDefinition): readonly StoredJob[] {
    return Array.from({ length: count }, (_, index) => this.make(task, [index]));
  }
}
