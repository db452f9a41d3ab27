/** Jobs by chance, and the calls that schedule them, as the journal tells of both. */
import { Batch, BrokerError, type Engine, EngineClosedError, type Job, type Task } from "spinach";

import { seededRandom } from "../../../src/testing/seeded-random.ts";
import type { Intention, Note } from "../journal.ts";
import { type JobPlan, LOAD_NAMES, type LoadTask, loadTask, PAYLOAD, textOf } from "../load.ts";

/** A task of the load. */
export type PlannedTask = Task<[key: string, plan: JobPlan, payload: unknown, text: string]>;

/** Part of the jobs that end their thread, where they have one. */
const DYING = 0.001;

const NOTHING: LoadTask = { maxRetries: 0, share: 0, lasts: [0, 0] };

/** One job to come. */
interface Planned {
  readonly intention: Intention;
  readonly plan: JobPlan;
}

export interface PlannedLoadOptions {
  readonly engine: Engine;
  readonly note: Note;
  readonly seed: number;
  /** How the keys of its jobs begin. */
  readonly prefix: string;
  /** By name. */
  readonly tasks: ReadonlyMap<string, PlannedTask>;
  /** Whether its jobs run on threads, which some of them end. */
  readonly onThreads: boolean;
}

/** Schedules jobs of the load. */
export class PlannedLoad {
  readonly random: () => number;
  readonly #options: PlannedLoadOptions;
  #count = 0;
  #underWay = 0;

  constructor(options: PlannedLoadOptions) {
    this.#options = options;
    this.random = seededRandom(options.seed);
  }

  /** Calls that have not settled. */
  get underWay(): number {
    return this.#underWay;
  }

  /** So many new jobs, more than one as a batch. Resolves once the journal has what became of them. */
  async schedule(size: number): Promise<void> {
    const { note } = this.#options;
    const all = Array.from({ length: size }, () => this.#plan());
    const keys = all.map(({ intention }) => intention.key);
    note({ event: "intend", jobs: all.map(({ intention }) => intention) });
    this.#underWay += 1;
    try {
      const jobs = await this.#call(all);
      note({ event: "acknowledged", keys, ids: jobs.map(({ id }) => id) });
    } catch (error) {
      if (!(error instanceof BrokerError) && !(error instanceof EngineClosedError)) throw error;
      note({ event: "refused", keys, why: error.message });
    } finally {
      this.#underWay -= 1;
    }
  }

  async #call(all: readonly Planned[]): Promise<readonly Job[]> {
    const { engine } = this.#options;
    const [first] = all;
    if (first !== undefined && all.length === 1) {
      const { task, at, args } = this.#request(first);
      return [await (at ? engine.scheduleAt(task, at, ...args) : engine.schedule(task, ...args))];
    }
    const batch = new Batch();
    for (const planned of all) {
      const { task, at, args } = this.#request(planned);
      if (at) batch.scheduleAt(task, at, ...args);
      else batch.schedule(task, ...args);
    }
    return engine.scheduleBatch(batch);
  }

  #request({ intention: { key, task: name, notBeforeMs }, plan }: Planned): Request {
    const task = this.#options.tasks.get(name);
    if (task === undefined) throw new TypeError(`no task "${name}" is given`);
    const at = notBeforeMs === undefined ? undefined : new Date(notBeforeMs);
    return { task, at, args: [key, plan, PAYLOAD, textOf(key, plan)] };
  }

  #plan(): Planned {
    const { prefix, onThreads } = this.#options;
    const { random } = this;
    const task = this.#pickTask();
    const { failing = 0, aborting = 0, lasts, letters, maxRetries } = loadTask(task) ?? NOTHING;
    const throws = random() < failing ? Math.ceil(random() * ((maxRetries ?? 0) + 1)) : 0;
    const plan = {
      lastsMs: this.#between(lasts),
      throws: Math.min(throws, 3),
      aborts: random() < aborting,
      dies: random() < DYING && onThreads,
      letters: letters === undefined ? 0 : this.#between(letters),
    };
    const later = random() < 0.1 ? { notBeforeMs: Date.now() + this.#between([50, 4000]) } : {};
    this.#count += 1;
    return { intention: { key: `${prefix}-${this.#count}`, task, ...later }, plan };
  }

  #pickTask(): string {
    let left =
      this.random() * LOAD_NAMES.reduce((sum, name) => sum + (loadTask(name)?.share ?? 0), 0);
    return LOAD_NAMES.find((name) => (left -= loadTask(name)?.share ?? 0) < 0) ?? "once";
  }

  #between([least, most]: readonly [number, number]): number {
    return Math.round(least + (most - least) * this.random());
  }
}

interface Request {
  readonly task: PlannedTask;
  /** `undefined` for at once. */
  readonly at: Date | undefined;
  readonly args: readonly [key: string, plan: JobPlan, payload: unknown, text: string];
}
