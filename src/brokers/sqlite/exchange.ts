import { MalformedJobError } from "../../core/errors.ts";
import { decodeJob } from "../../core/job-codec.ts";
import { JobStatus } from "../../core/job-status.ts";
import type { StoredJob } from "../../core/job.ts";
import type { Outcome } from "../../core/outcome.ts";
import { MAX_JOBS_PER_CALL, type ExchangeRequest } from "../broker.ts";
import { ByteRoom } from "./byte-room.ts";
import { JobPlaces, type Room, takeReady, type WaitingJob } from "./job-places.ts";
import { Limits } from "./limits.ts";
import { nextDueMs } from "./next-due.ts";
import { boundQuarantine, setAside } from "./quarantine.ts";
import { changeRows, type RowStatements } from "./row-lists.ts";
import type { Work } from "./work.ts";

/** A broker of the cluster, and what it holds. */
export interface Holder {
  /** Its row in `spinach_brokers`. */
  readonly broker: number;
  /** By job id: the row of each job that it runs. */
  readonly held: ReadonlyMap<string, number>;
}

/** What an exchange has done, once it is committed. */
export interface Exchanged {
  readonly jobs: readonly StoredJob[];
  /** The row of each. */
  readonly rows: readonly number[];
  readonly more: boolean;
  readonly nextDueMs: number | undefined;
  /** Ids of the jobs that are not held any more. */
  readonly settled: readonly string[];
  readonly malformed: readonly MalformedJobError[];
  /** Rows of the quarantine that were let go of, because it was full. */
  readonly dropped: number;
}

/** Whether there is something to take. Reads only, so that an idle process holds nobody up. */
export function hasJobs(work: Work, queues: readonly string[]): boolean {
  const { space } = work;
  const ids = queues.map((name) => space.knownQueueId(name)).filter((id) => id !== undefined);
  if (ids.some((id) => space.sql.get(ANY_READY, id) !== undefined)) return true;
  const limits = new Limits(work);
  return ids.some((id) => limits.hasTakable(id));
}

/** Settles outcomes, then takes jobs, in one transaction. */
export function exchange(work: Work, request: ExchangeRequest, holder: Holder): Exchanged {
  const limits = new Limits(work);
  const settled = settle({ work, limits, holder }, request.outcomes);
  const taking = new Taking(work, limits, request.max);
  let more = false;
  for (const queue of request.queues) more = taking.takeFrom(queue) || more;
  const { jobs, rows, malformed } = taking;
  changeRows(work.space.sql, ADD_RUNNING, rows, holder.broker);
  limits.save();
  const dropped = malformed.length > 0 ? boundQuarantine(work) : 0;
  return { jobs, rows, more, settled, malformed, dropped, nextDueMs: nextDueMs(work) };
}

interface Settling {
  readonly work: Work;
  readonly limits: Limits;
  readonly holder: Holder;
}

/** The fence: who does not hold a job settles nothing, so a late or second settle is harmless. */
function settle({ work, limits, holder }: Settling, outcomes: readonly Outcome[]): string[] {
  const rows = new Map<string, number>();
  const over: number[] = [];
  const again: StoredJob[] = [];
  const released: Outcome[] = [];
  for (const outcome of outcomes) {
    const { id, taskName } = outcome.stored.job;
    const row = holder.held.get(id);
    if (row === undefined || rows.has(id)) continue;
    rows.set(id, row);
    limits.free(taskName);
    if (outcome.kind === "released") released.push(outcome);
    else over.push(row);
    if (outcome.kind === "retried") again.push(outcome.stored);
  }
  if (rows.size === 0) return [];
  const { sql } = work.space;
  changeRows(sql, DELETE_RUNNING, [...rows.values()], holder.broker);
  changeRows(sql, DELETE_JOBS, over);
  const places = new JobPlaces(work);
  places.add(again);
  for (const { stored } of released.toReversed()) {
    const { id, queue, taskName } = stored.job;
    const job = rows.get(id);
    if (job === undefined) continue;
    limits.putFirst({ job, queue: work.space.queueId(queue), task: taskName }, places);
  }
  return [...rows.keys()];
}

/** Collects jobs until there are enough. */
class Taking {
  readonly jobs: StoredJob[] = [];
  readonly rows: number[] = [];
  readonly malformed: MalformedJobError[] = [];
  readonly #work: Work;
  readonly #limits: Limits;
  readonly #max: number;
  readonly #bytes = new ByteRoom();
  #looked = 0;

  constructor(work: Work, limits: Limits, max: number) {
    this.#work = work;
    this.#limits = limits;
    this.#max = max;
  }

  /** Returns whether the queue may hold more. */
  takeFrom(queueName: string): boolean {
    const queue = this.#work.space.knownQueueId(queueName);
    if (queue === undefined) return false;
    // Parked jobs first: they were at the head of the queue before.
    if (!this.#limits.isEmpty) this.#take(this.#limits.takeParked(queue, this.#room));
    for (let room = this.#room; room.most > 0 && !room.bytes.isFull; room = this.#room) {
      const waiting = takeReady(this.#work, queue, room);
      this.#take(this.#limits.isEmpty ? waiting : waiting.filter((job) => this.#limits.admit(job)));
      this.#looked += waiting.length;
      if (waiting.length < room.most && !room.bytes.isFull) return false;
    }
    return true;
  }

  get #room(): Room {
    const most = Math.min(this.#max - this.jobs.length, MAX_JOBS_PER_CALL - this.#looked);
    return { most, bytes: this.#bytes };
  }

  #take(waiting: readonly WaitingJob[]): void {
    for (const { job, wire, task } of waiting) {
      try {
        this.jobs.push(decodeJob(wire, JobStatus.RUNNING));
        this.rows.push(job);
      } catch (error) {
        if (!(error instanceof MalformedJobError)) throw error;
        this.malformed.push(error);
        this.#limits.free(task);
        setAside(this.#work, { job, error });
      }
    }
  }
}

const ANY_READY = "SELECT 1 FROM spinach_ready WHERE queue = ? LIMIT 1";
const ADD_RUNNING: RowStatements = {
  one: "INSERT INTO spinach_running (broker, job) VALUES (?, ?)",
  many: "INSERT INTO spinach_running (broker, job) SELECT ?, value FROM json_each(?)",
};
const DELETE_RUNNING: RowStatements = {
  one: "DELETE FROM spinach_running WHERE broker = ? AND job = ?",
  many: "DELETE FROM spinach_running WHERE broker = ? AND job IN (SELECT value FROM json_each(?))",
};
const DELETE_JOBS: RowStatements = {
  one: "DELETE FROM spinach_jobs WHERE id = ?",
  many: "DELETE FROM spinach_jobs WHERE id IN (SELECT value FROM json_each(?))",
};
