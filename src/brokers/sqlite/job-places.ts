import type { StoredJob } from "../../core/job.ts";
import type { ByteRoom } from "./byte-room.ts";
import { integer, MOST_ROWS, type Row, type SqlSession, text } from "./sql-session.ts";
import type { Work } from "./work.ts";

/** A job where it waits. */
export interface WaitingJob {
  /** Its row in `spinach_jobs`. */
  readonly job: number;
  readonly queue: number;
  readonly task: string;
  readonly wire: string;
}

/** Puts jobs where they wait: ready, or for their time. For one transaction. */
export class JobPlaces {
  readonly #work: Work;
  /** By queue: the next free place at its end; `undefined` if nobody has asked yet since the first was added there. */
  readonly #ends = new Map<number, number | undefined>();

  constructor(work: Work) {
    this.#work = work;
  }

  /** Takes jobs in: the due ones to the end of their queues, the others to wait for their time. */
  add(jobs: readonly StoredJob[]): void {
    const { space, nowMs, woken } = this.#work;
    for (const { job, wire } of jobs) {
      const queue = space.queueId(job.queue);
      const row = space.sql.insert(ADD_JOB, queue, job.taskName, wire);
      const atMs = job.at.getTime();
      if (atMs > nowMs) space.sql.run(ADD_FUTURE, space.id, atMs, row);
      else this.#append(queue, row);
      woken.queues.add(job.queue);
    }
  }

  /** Moves jobs whose time has come to the ends of their queues, `most` at most. */
  moveDue(most: number): void {
    const { space, nowMs, woken } = this.#work;
    const due = space.sql.all(DUE_FUTURE, space.id, nowMs, most);
    for (const [atMs, job, queue] of due) {
      this.#append(integer(queue), integer(job));
      space.sql.run(DELETE_FUTURE, space.id, integer(atMs), integer(job));
      woken.queues.add(space.queueName(integer(queue)));
    }
  }

  /** Puts a job back at the head of its queue. */
  putFirst(queue: number, job: number): void {
    const { space, woken } = this.#work;
    const first = integer(space.sql.get(FIRST_READY, queue)?.[0]);
    space.sql.run(ADD_READY, queue, first - 1, job);
    woken.queues.add(space.queueName(queue));
  }

  /** A lone job, as most commits have, is added in one statement; those after it need not look for the end again. */
  #append(queue: number, job: number): void {
    const { sql } = this.#work.space;
    if (!this.#ends.has(queue)) {
      sql.run(APPEND_READY, queue, job);
      this.#ends.set(queue, undefined);
      return;
    }
    const seq = this.#ends.get(queue) ?? integer(sql.get(END_OF_READY, queue)?.[0]);
    sql.run(ADD_READY, queue, seq, job);
    this.#ends.set(queue, seq + 1);
  }
}

/** How many jobs to take at most. */
export interface Room {
  readonly most: number;
  readonly bytes: ByteRoom;
}

/** Takes the oldest ready jobs of a queue out of it. */
export function takeReady({ space }: Work, queue: number, room: Room): readonly WaitingJob[] {
  const jobs = fitting(space.sql, space.sql.all(OLDEST_READY, queue, room.most), room);
  const last = jobs.at(-1);
  if (last !== undefined) space.sql.run(DELETE_READY, queue, last.seq);
  return jobs;
}

/** Takes the oldest parked jobs of a task in a queue out of their place. */
export function takeParked(
  { space }: Work,
  place: { readonly task: number; readonly queue: number },
  room: Room,
): readonly WaitingJob[] {
  const { task, queue } = place;
  const jobs = fitting(space.sql, space.sql.all(OLDEST_PARKED, task, queue, room.most), room);
  const last = jobs.at(-1);
  if (last !== undefined) space.sql.run(DELETE_PARKED, task, queue, last.seq);
  return jobs;
}

/** The first of some rows whose texts find room. Those of long ones are read one by one, and no more than that. */
function fitting(sql: SqlSession, rows: readonly Row[], { bytes }: Room): readonly PlacedJob[] {
  const jobs: PlacedJob[] = [];
  for (const [seq, job, queue, task, wire] of rows) {
    if (!bytes.take(typeof wire === "number" ? wire : text(wire).length)) break;
    const row = integer(job);
    jobs.push({
      seq: integer(seq),
      job: row,
      queue: integer(queue),
      task: text(task),
      wire: text(typeof wire === "number" ? sql.get(WIRE, row)?.[0] : wire),
    });
  }
  return jobs;
}

interface PlacedJob extends WaitingJob {
  readonly seq: number;
}

/** Longer texts are not part of lists, where their sizes stand instead, in bytes. */
const LONG_BYTES = 4096;

const WIRE_OR_SIZE = `iif(octet_length(wire) > ${LONG_BYTES}, octet_length(wire), wire)`;
const WIRE = "SELECT wire FROM spinach_jobs WHERE id = ?";

const ADD_JOB = "INSERT INTO spinach_jobs (queue, task, wire) VALUES (?, ?, ?)";
const ADD_FUTURE = "INSERT INTO spinach_future (namespace, at_ms, job) VALUES (?, ?, ?)";
const ADD_READY = "INSERT INTO spinach_ready (queue, seq, job) VALUES (?, ?, ?)";
// Behind a bad row, whose number is too large to be counted on, there is no place: NULL is refused.
const APPEND_READY = `
INSERT INTO spinach_ready (queue, seq, job)
VALUES (
  ?1,
  (SELECT iif(max(seq) > ${MOST_ROWS}, NULL, coalesce(max(seq), 0) + 1) FROM spinach_ready WHERE queue = ?1),
  ?2
)`;
const FIRST_READY = "SELECT coalesce(min(seq), 1) FROM spinach_ready WHERE queue = ?";
const END_OF_READY = "SELECT coalesce(max(seq), 0) + 1 FROM spinach_ready WHERE queue = ?";
const DUE_FUTURE = `
SELECT at_ms, job, queue
FROM spinach_future LEFT JOIN spinach_jobs ON spinach_jobs.id = job
WHERE namespace = ? AND at_ms <= ?
ORDER BY at_ms, job
LIMIT ?`;
const DELETE_FUTURE = "DELETE FROM spinach_future WHERE namespace = ? AND at_ms = ? AND job = ?";
// LEFT JOIN: a row without its job is noticed, and SQLite reads the small table first, in its order, and no more rows than are wanted.
const OLDEST_READY = `
SELECT seq, job, spinach_ready.queue, task, ${WIRE_OR_SIZE}
FROM spinach_ready LEFT JOIN spinach_jobs ON spinach_jobs.id = job
WHERE spinach_ready.queue = ?
ORDER BY seq
LIMIT ?`;
const DELETE_READY = "DELETE FROM spinach_ready WHERE queue = ? AND seq <= ?";
const OLDEST_PARKED = `
SELECT seq, job, spinach_parked.queue, spinach_jobs.task, ${WIRE_OR_SIZE}
FROM spinach_parked LEFT JOIN spinach_jobs ON spinach_jobs.id = job
WHERE spinach_parked.task = ? AND spinach_parked.queue = ?
ORDER BY seq
LIMIT ?`;
const DELETE_PARKED = "DELETE FROM spinach_parked WHERE task = ? AND queue = ? AND seq <= ?";
