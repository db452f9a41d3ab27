import { type JobPlaces, type Room, takeParked, type WaitingJob } from "./job-places.ts";
import { integer, type Row, text, UnreadableRowError } from "./sql-session.ts";
import type { Work } from "./work.ts";

interface Limit {
  readonly id: number;
  /** Most jobs at once; Infinity if there is no limit any more. */
  readonly most: number;
  running: number;
  hasChanged: boolean;
  wasFreed: boolean;
}

/**
 * The limits of tasks, for one transaction. A job that meets its limit is parked once, out of the way of
 * its queue, and comes out when a place is free: a backlog of limited jobs costs a fetch nothing.
 *
 * Invariant: `running` is the number of the task's rows in `spinach_running`; the transaction that changes
 * those changes it.
 */
export class Limits {
  readonly #work: Work;
  readonly #byTask: ReadonlyMap<string, Limit>;

  constructor(work: Work) {
    this.#work = work;
    const { space } = work;
    this.#byTask = new Map(space.sql.all(READ_LIMITS, space.id).map(limitOf));
  }

  get isEmpty(): boolean {
    return this.#byTask.size === 0;
  }

  /** Takes a place for a job that is about to run, or parks it. Returns whether it may run. */
  admit({ job, queue, task }: WaitingJob): boolean {
    const limit = this.#byTask.get(task);
    if (limit === undefined) return true;
    if (limit.running < limit.most) {
      change(limit, 1);
      return true;
    }
    const { sql } = this.#work.space;
    const end = integer(sql.get(END_OF_PARKED, limit.id, queue)?.[0]);
    sql.run(ADD_PARKED, limit.id, queue, end, job);
    return false;
  }

  /** Gives the place of a job back. */
  free(task: string): void {
    const limit = this.#byTask.get(task);
    if (limit === undefined) return;
    change(limit, -1);
    limit.wasFreed = true;
  }

  /** Puts a job that was not run back in front of its fellows. */
  putFirst({ job, queue, task }: Omit<WaitingJob, "wire">, places: JobPlaces): void {
    const limit = this.#byTask.get(task);
    if (limit === undefined) {
      places.putFirst(queue, job);
      return;
    }
    const { sql } = this.#work.space;
    const first = integer(sql.get(FIRST_PARKED, limit.id, queue)?.[0]);
    sql.run(ADD_PARKED, limit.id, queue, first - 1, job);
  }

  /** Takes parked jobs of a queue whose tasks have free places, and the places with them. */
  takeParked(queue: number, { most, bytes }: Room): readonly WaitingJob[] {
    const taken: WaitingJob[] = [];
    for (const limit of this.#byTask.values()) {
      const room = Math.min(limit.most - limit.running, most - taken.length);
      if (room <= 0 || bytes.isFull) continue;
      const jobs = takeParked(this.#work, { task: limit.id, queue }, { most: room, bytes });
      if (jobs.length > 0) change(limit, jobs.length);
      taken.push(...jobs);
    }
    return taken;
  }

  /** Whether a parked job of the queue could run now. */
  hasTakable(queue: number): boolean {
    return [...this.#byTask.values()].some(
      (limit) => limit.running < limit.most && this.#hasParked(limit, queue),
    );
  }

  /** Whether a job of the queue is parked. */
  hasParked(queue: number): boolean {
    return [...this.#byTask.values()].some((limit) => this.#hasParked(limit, queue));
  }

  /** Writes down what has changed, and wakes whoever may take a place that is still free. */
  save(): void {
    const { space, woken } = this.#work;
    for (const limit of this.#byTask.values()) {
      if (limit.hasChanged) space.sql.run(SET_RUNNING, limit.running, limit.id);
      if (limit.wasFreed && limit.running < limit.most) {
        woken.any ||= space.sql.get(ANY_PARKED, limit.id) !== undefined;
      }
    }
  }

  #hasParked(limit: Limit, queue: number): boolean {
    return this.#work.space.sql.get(PARKED_IN_QUEUE, limit.id, queue) !== undefined;
  }
}

function limitOf([id, task, most, running]: Row): readonly [string, Limit] {
  const limit = {
    id: integer(id),
    most: most === null ? Infinity : integer(most),
    running: integer(running),
    hasChanged: false,
    wasFreed: false,
  };
  if (limit.most < 1 || limit.running < 0) {
    throw new UnreadableRowError(`${limit.running} of at most ${limit.most} jobs of a task run`);
  }
  return [text(task), limit];
}

function change(limit: Limit, by: number): void {
  limit.running += by;
  limit.hasChanged = true;
}

const READ_LIMITS = "SELECT id, task, most, running FROM spinach_limits WHERE namespace = ?";
const SET_RUNNING = "UPDATE spinach_limits SET running = ? WHERE id = ?";
const ADD_PARKED = "INSERT INTO spinach_parked (task, queue, seq, job) VALUES (?, ?, ?, ?)";
const END_OF_PARKED =
  "SELECT coalesce(max(seq), 0) + 1 FROM spinach_parked WHERE task = ? AND queue = ?";
const FIRST_PARKED =
  "SELECT coalesce(min(seq), 1) FROM spinach_parked WHERE task = ? AND queue = ?";
const PARKED_IN_QUEUE = "SELECT 1 FROM spinach_parked WHERE task = ? AND queue = ? LIMIT 1";
const ANY_PARKED = "SELECT 1 FROM spinach_parked WHERE task = ? LIMIT 1";
