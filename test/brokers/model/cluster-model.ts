/** What a cluster of brokers is, said as simply as possible: plain lists, and no thought of speed. */

export type QueueName = "left" | "right";
export type TaskName = "plain" | "again" | "limited" | "single" | "beat" | "pulse";

export const QUEUES: readonly QueueName[] = ["left", "right"];

/** Queue and retries of each task. One limited and one periodic task a queue: between several, no order is promised. */
export const TASKS: Readonly<Record<TaskName, { queue: QueueName; maxRetries: number }>> = {
  plain: { queue: "left", maxRetries: 0 },
  again: { queue: "right", maxRetries: 2 },
  limited: { queue: "left", maxRetries: 2 },
  single: { queue: "right", maxRetries: 0 },
  beat: { queue: "left", maxRetries: 0 },
  pulse: { queue: "right", maxRetries: 1 },
};

/** A job; one of a periodic task is known by its task alone. */
export interface ModelJob {
  /** Argument of the job; `undefined` for one of a periodic task. */
  readonly key: number | undefined;
  readonly task: TaskName;
  readonly retries: number;
}

/** What a process says of a task. */
export interface Statement {
  readonly task: TaskName;
  readonly limit?: number | undefined;
  readonly periodMs?: number | undefined;
}

interface Future {
  readonly job: ModelJob;
  readonly atMs: number;
}

/** Whose definition of a task counts. */
interface Owner {
  readonly broker: number;
  /** How often it had been given up. */
  readonly life: number;
}

interface Period {
  readonly periodMs: number;
  readonly nextAtMs: number;
}

/** How a job ended, as the model has it. */
export interface ModelOutcome {
  readonly kind: "succeeded" | "failed" | "retried" | "released";
  readonly job: ModelJob;
  /** When a retry is due. */
  readonly atMs?: number;
}

/** The model. Times are epoch ms. */
export class ClusterModel {
  readonly #queues: Record<QueueName, ModelJob[]> = { left: [], right: [] };
  readonly #parked = new Map<TaskName, ModelJob[]>();
  readonly #limits = new Map<TaskName, number>();
  readonly #periods = new Map<TaskName, Period>();
  readonly #held: ModelJob[][] = [];
  readonly #owners = new Map<TaskName, Owner>();
  readonly #lives: number[] = [];
  #future: Future[] = [];

  held(broker: number): ModelJob[] {
    return (this.#held[broker] ??= []);
  }

  /** When something is due next; `undefined` if nothing is planned. */
  get nextAtMs(): number | undefined {
    const times = [
      ...this.#future.map(({ atMs }) => atMs),
      ...[...this.#periods.values()].map(({ nextAtMs }) => nextAtMs),
    ];
    return times.length === 0 ? undefined : Math.min(...times);
  }

  isEmpty(queue: QueueName): boolean {
    const parked = [...this.#parked.values()].flat();
    return this.#queues[queue].length === 0 && !parked.some(({ task }) => isIn(queue, task));
  }

  enqueue(job: ModelJob, atMs: number, nowMs: number): void {
    if (atMs > nowMs) this.#future.push({ job, atMs });
    else this.#queueOf(job).push(job);
  }

  /** Only what the broker holds is settled; what is put back comes last, and first out of its queue. */
  settle(broker: number, outcomes: readonly ModelOutcome[], nowMs: number): void {
    const held = this.held(broker);
    const settled = outcomes.filter(({ job }) => remove(held, job));
    for (const { kind, job, atMs = nowMs } of settled) {
      if (kind === "retried") this.enqueue({ ...job, retries: job.retries + 1 }, atMs, nowMs);
    }
    for (const { kind, job } of settled.toReversed()) {
      if (kind !== "released") continue;
      if (this.#limits.has(job.task)) this.#parkedOf(job.task).unshift(job);
      else this.#queueOf(job).unshift(job);
    }
  }

  /** Parked jobs come first; one that meets its limit is parked. */
  take(broker: number, queues: readonly QueueName[], max: number): readonly ModelJob[] {
    const taken: ModelJob[] = [];
    for (const queue of queues) {
      while (taken.length < max) {
        const job = this.#takeParked(queue) ?? this.#takeReady(queue);
        if (job === undefined) break;
        this.held(broker).push(job);
        taken.push(job);
      }
    }
    return taken;
  }

  /** Future jobs by their time, then one job a periodic task, which keeps its grid. */
  tick(nowMs: number): void {
    const due = this.#future.filter(({ atMs }) => atMs <= nowMs);
    this.#future = this.#future.filter(({ atMs }) => atMs > nowMs);
    for (const { job } of due.toSorted((one, other) => one.atMs - other.atMs)) {
      this.#queueOf(job).push(job);
    }
    for (const [task, { periodMs, nextAtMs }] of this.#periods) {
      if (nextAtMs > nowMs) continue;
      const missed = Math.floor((nowMs - nextAtMs) / periodMs);
      this.#periods.set(task, { periodMs, nextAtMs: nextAtMs + (missed + 1) * periodMs });
      this.#queues[TASKS[task].queue].push({ key: undefined, task, retries: 0 });
    }
  }

  /**
   * Tasks that are not named stay as they are, and those that a broker which joined later has defined, while it is a
   * member. They joined in the order of their numbers.
   */
  register(broker: number, statements: readonly Statement[], nowMs: number): void {
    for (const { task, limit, periodMs } of statements) {
      if (this.#isOutranked(broker, task)) continue;
      this.#owners.set(task, { broker, life: this.#lifeOf(broker) });
      if (limit !== undefined) this.#limits.set(task, limit);
      else if (this.#limits.delete(task)) {
        this.#queues[TASKS[task].queue].unshift(...this.#parkedOf(task).splice(0));
      }
      if (periodMs === undefined) this.#periods.delete(task);
      else if (this.#periods.get(task)?.periodMs !== periodMs) {
        this.#periods.set(task, { periodMs, nextAtMs: nowMs + periodMs });
      }
    }
  }

  /** The jobs of a dead broker, oldest first: a death counts as a failed attempt. Returns how many went back. */
  rescue(broker: number): number {
    this.#lives[broker] = this.#lifeOf(broker) + 1;
    const held = this.held(broker).splice(0);
    const back = held.filter(({ task, retries }) => retries < TASKS[task].maxRetries);
    for (const job of back) this.#queueOf(job).push({ ...job, retries: job.retries + 1 });
    return back.length;
  }

  #isOutranked(broker: number, task: TaskName): boolean {
    const owner = this.#owners.get(task);
    return (
      owner !== undefined && owner.broker > broker && owner.life === this.#lifeOf(owner.broker)
    );
  }

  #lifeOf(broker: number): number {
    return this.#lives[broker] ?? 0;
  }

  #takeParked(queue: QueueName): ModelJob | undefined {
    for (const [task, jobs] of this.#parked) {
      if (isIn(queue, task) && this.#hasPlace(task)) return jobs.shift();
    }
    return undefined;
  }

  #takeReady(queue: QueueName): ModelJob | undefined {
    for (;;) {
      const job = this.#queues[queue].shift();
      if (job === undefined || this.#hasPlace(job.task)) return job;
      this.#parkedOf(job.task).push(job);
    }
  }

  #hasPlace(task: TaskName): boolean {
    const running = this.#held.flat().filter((job) => job.task === task).length;
    return running < (this.#limits.get(task) ?? Infinity);
  }

  #queueOf({ task }: ModelJob): ModelJob[] {
    return this.#queues[TASKS[task].queue];
  }

  #parkedOf(task: TaskName): ModelJob[] {
    let jobs = this.#parked.get(task);
    if (jobs === undefined) {
      jobs = [];
      this.#parked.set(task, jobs);
    }
    return jobs;
  }
}

function isIn(queue: QueueName, task: TaskName): boolean {
  return TASKS[task].queue === queue;
}

/** Whether it was there. */
function remove(jobs: ModelJob[], job: ModelJob): boolean {
  const index = jobs.indexOf(job);
  if (index !== -1) jobs.splice(index, 1);
  return index !== -1;
}
