import type { StoredJob } from "../../core/job.ts";
import { Deque } from "../../queue/deque.ts";

interface Limited {
  limit: number;
  running: number;
  /** Jobs that met the limit, by queue, oldest first. No empty deque stays. */
  readonly parked: Map<string, Deque<StoredJob>>;
}

/**
 * The limits of tasks. A job that meets its limit is parked once, out of the way of the queue, and
 * comes out when a place is free: a backlog of limited jobs costs a fetch nothing.
 *
 * Invariant: `running` is the number of jobs of the task that some broker holds; only a job taken
 * from, or put back to, a broker's running set changes it.
 */
export class ConcurrencyLimits {
  readonly #tasks = new Map<string, Limited>();
  /** By queue: tasks that have both a parked job there and a free place. */
  readonly #ready = new Map<string, Set<string>>();

  get isEmpty(): boolean {
    return this.#tasks.size === 0;
  }

  /** States a limit. `running` is how many jobs of the task are held now. */
  set(taskName: string, limit: number, running: number): void {
    const known = this.#tasks.get(taskName);
    if (known === undefined) {
      this.#tasks.set(taskName, { limit, running, parked: new Map() });
      return;
    }
    known.limit = limit;
    this.#markReady(taskName, known);
  }

  /** The limit of a task, if it has one. */
  of(taskName: string): number | undefined {
    return this.#tasks.get(taskName)?.limit;
  }

  /** Takes a limit away; what was parked behind it comes out, by queue, oldest first. */
  remove(taskName: string): readonly StoredJob[] {
    const known = this.#tasks.get(taskName);
    if (known === undefined) return [];
    this.#tasks.delete(taskName);
    const freed: StoredJob[] = [];
    for (const [queue, jobs] of known.parked) {
      this.#ready.get(queue)?.delete(taskName);
      for (let job = jobs.popFront(); job !== undefined; job = jobs.popFront()) freed.push(job);
    }
    return freed;
  }

  /** Takes a place for a job, or parks it. Returns whether it may run. */
  admit(stored: StoredJob): boolean {
    const task = this.#tasks.get(stored.job.taskName);
    if (task === undefined) return true;
    if (task.running < task.limit) {
      task.running += 1;
      return true;
    }
    this.#parkedIn(task, stored.job.queue).pushBack(stored);
    return false;
  }

  /** Gives the place of a job back. Returns the queues where a parked job can now run. */
  release(taskName: string): readonly string[] {
    const task = this.#tasks.get(taskName);
    if (task === undefined) return [];
    task.running -= 1;
    return this.#markReady(taskName, task);
  }

  /** Puts a job that was not run back in front of its parked fellows, if its task is limited. */
  putBack(stored: StoredJob): boolean {
    const task = this.#tasks.get(stored.job.taskName);
    if (task === undefined) return false;
    this.#parkedIn(task, stored.job.queue).pushFront(stored);
    this.#markReady(stored.job.taskName, task);
    return true;
  }

  /** Takes the next parked job of a queue whose task has a free place, and the place with it. */
  takeParked(queue: string): StoredJob | undefined {
    const ready = this.#ready.get(queue);
    if (ready === undefined) return undefined;
    for (const taskName of ready) {
      const stored = this.#takeParkedOf(taskName, queue);
      if (stored !== undefined) return stored;
      ready.delete(taskName);
    }
    return undefined;
  }

  hasParked(queue: string): boolean {
    for (const { parked } of this.#tasks.values()) if (parked.has(queue)) return true;
    return false;
  }

  #takeParkedOf(taskName: string, queue: string): StoredJob | undefined {
    const task = this.#tasks.get(taskName);
    if (task === undefined || task.running >= task.limit) return undefined;
    const jobs = task.parked.get(queue);
    const stored = jobs?.popFront();
    if (stored === undefined) return undefined;
    if (jobs?.length === 0) task.parked.delete(queue);
    task.running += 1;
    return stored;
  }

  #parkedIn(task: Limited, queue: string): Deque<StoredJob> {
    let jobs = task.parked.get(queue);
    if (jobs === undefined) {
      jobs = new Deque();
      task.parked.set(queue, jobs);
    }
    return jobs;
  }

  #markReady(taskName: string, task: Limited): readonly string[] {
    if (task.running >= task.limit) return [];
    const queues = [...task.parked.keys()];
    for (const queue of queues) {
      const ready = this.#ready.get(queue);
      if (ready === undefined) this.#ready.set(queue, new Set([taskName]));
      else ready.add(taskName);
    }
    return queues;
  }
}
