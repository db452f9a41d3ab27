import { MalformedJobError } from "../../core/errors.ts";
import { decodeJob, rewriteJob } from "../../core/job-codec.ts";
import { JobStatus } from "../../core/job-status.ts";
import type { StoredJob } from "../../core/job.ts";
import type { ProcessIdentity } from "../../platform/process-identity.ts";
import type { Timers } from "../../platform/runtime.ts";
import type { JobFailedByDeath, RescueReply } from "../broker.ts";
import { JobPlaces } from "./job-places.ts";
import { Limits } from "./limits.ts";
import type { NamespaceSession } from "./namespace-session.ts";
import { setAside } from "./quarantine.ts";
import type { Seen } from "./silence-watch.ts";
import { integer, text } from "./sql-session.ts";
import type { Work } from "./work.ts";

/**
 * Most bytes of jobs that one transaction takes over: nobody else writes meanwhile. 400 jobs of 1 MB took 4 s, and the
 * heartbeat thread 2 GB.
 */
const MAX_RESCUED_BYTES = 16 * 1024 * 1024;

/** Who joins the cluster. */
export interface Joiner {
  readonly uuid: string;
  readonly leaseMs: number;
  readonly process: ProcessIdentity;
}

/** Becomes a broker of the cluster, or goes on being one. Returns its row. */
export function join({ space }: Work, { uuid, leaseMs, process }: Joiner): number {
  const known = findBroker(space, uuid);
  if (known !== undefined) return known;
  const { machine, pid, startedAt } = process;
  return space.sql.insert(ADD_BROKER, space.id, uuid, leaseMs, machine, pid, startedAt);
}

/** The row of a broker; `undefined` if it is not one of the cluster any more. */
export function findBroker(space: NamespaceSession, uuid: string): number | undefined {
  const found = space.sql.get(FIND_BROKER, uuid, space.id);
  return found === undefined ? undefined : integer(found[0]);
}

/** Leaves the cluster, unless jobs are held: those are for others to take over. */
export function leave({ space }: Work, uuid: string): void {
  space.sql.run(LEAVE, uuid, space.id);
}

/** Whether a broker is one of the cluster, and has something to lose. */
export function brokerState(space: NamespaceSession, uuid: string): "holds jobs" | "idle" | "lost" {
  const found = space.sql.get(BROKER_STATE, uuid, space.id);
  if (found === undefined) return "lost";
  return found[0] === 1 ? "holds jobs" : "idle";
}

/** Says that a broker is alive. Returns whether it is one of the cluster still. */
export function beat({ space }: Work, uuid: string): boolean {
  return space.sql.get(BEAT, uuid, space.id) !== undefined;
}

/** Another broker of the cluster, as its rows show it. */
export interface OtherBroker extends Seen {
  readonly uuid: string;
  readonly leaseMs: number;
  readonly process: ProcessIdentity;
}

/** All brokers but one. */
export function otherBrokers(space: NamespaceSession, uuid: string): readonly OtherBroker[] {
  return space.sql
    .all(OTHER_BROKERS, space.id, uuid)
    .map(([broker, other, beats, leaseMs, machine, pid, startedAt, holdsJobs]) => ({
      broker: integer(broker),
      uuid: text(other),
      beats: integer(beats),
      leaseMs: integer(leaseMs),
      process: { machine: text(machine), pid: integer(pid), startedAt: text(startedAt) },
      holdsJobs: holdsJobs === 1,
    }));
}

/** Rescues a broker if it is as silent as it was seen; `undefined` if not. */
export function rescueSilent(work: Work, { broker, beats }: Seen): Rescued | undefined {
  const isSilent = work.space.sql.get(IS_SILENT, broker, beats) !== undefined;
  return isSilent ? rescue(work, broker) : undefined;
}

/** The tasks of the jobs that a broker holds. */
export function heldTasks({ sql }: NamespaceSession, broker: number): readonly string[] {
  return sql.all(HELD_TASKS, broker).map(([task]) => text(task));
}

/** The jobs that a broker holds, but for some rows, which are not read. Those that nobody can read are set aside. */
export function heldBut(
  work: Work,
  broker: number,
  known: ReadonlySet<number>,
): readonly StoredJob[] {
  const { sql } = work.space;
  const limits = new Limits(work);
  const jobs: StoredJob[] = [];
  for (const row of sql.all(HELD_ROWS, broker)) {
    const job = integer(row[0]);
    if (known.has(job)) continue;
    const [task, wire] = sql.get(HELD_JOB, job) ?? [];
    const stored = readHeld(work, { job, wire: text(wire) }, JobStatus.RUNNING);
    if (stored !== undefined) {
      jobs.push(stored);
      continue;
    }
    sql.run("DELETE FROM spinach_running WHERE job = ?", job);
    limits.free(text(task));
  }
  limits.save();
  return jobs;
}

/** The jobs that a broker holds, as they are stored, up to one row. */
function heldJobs(space: NamespaceSession, broker: number, lastJob: number): readonly HeldJob[] {
  return space.sql
    .all(HELD_JOBS, broker, lastJob)
    .map(([job, task, wire]) => ({ job: integer(job), task: text(task), wire: text(wire) }));
}

interface HeldJob {
  readonly job: number;
  readonly task: string;
  readonly wire: string;
}

/** What one transaction has taken over of a broker. */
export interface Rescued extends RescueReply {
  /** Whether it holds no more. */
  readonly isDone: boolean;
}

/**
 * All that a broker held, in as many transactions as `step` is called; `undefined` if the first one finds it alive.
 * Others, and the event loop, have their turn in between.
 */
export async function rescueAll(
  timers: Timers,
  step: () => Promise<Rescued | undefined>,
): Promise<RescueReply | undefined> {
  let reenqueued = 0;
  const failed: JobFailedByDeath[] = [];
  for (let isFirst = true; ; isFirst = false) {
    const rescued = await step();
    if (rescued === undefined && isFirst) return undefined;
    reenqueued += rescued?.reenqueued ?? 0;
    failed.push(...(rescued?.failed ?? []));
    if (rescued?.isDone !== false) return { reenqueued, failed };
    await timers.yield();
  }
}

/**
 * Takes jobs of a broker over, as many as their bytes allow, and makes it none of the cluster: it settles nothing from
 * then on. A death is a failed attempt.
 */
export function rescue(work: Work, broker: number): Rescued {
  const { sql } = work.space;
  // Its row stays until it holds nothing: who goes on should this process die finds it as dead.
  sql.run(DISOWN, broker);
  const lastJob = lastOfPage(work.space, broker);
  const held = heldJobs(work.space, broker, lastJob);
  sql.run("DELETE FROM spinach_running WHERE broker = ? AND job <= ?", broker, lastJob);
  // Where nothing can be taken over, the next sweep may: it is not tried again at once.
  const isDone = sql.get(REMOVE_DONE, broker) !== undefined || held.length === 0;
  const limits = new Limits(work);
  const again: StoredJob[] = [];
  const failed: JobFailedByDeath[] = [];
  for (const job of held) {
    limits.free(job.task);
    const stored = readHeld(work, job);
    if (stored !== undefined && mayRunAgain(stored)) again.push(afterDeath(stored, work.nowMs));
    else if (stored !== undefined) failed.push({ id: stored.job.id, taskName: job.task });
    sql.run("DELETE FROM spinach_jobs WHERE id = ?", job.job);
  }
  new JobPlaces(work).add(again);
  limits.save();
  return { reenqueued: again.length, failed, isDone };
}

/** The last of the first jobs that a broker holds which one transaction takes over; at least one, however large. */
function lastOfPage({ sql }: NamespaceSession, broker: number): number {
  let last = 0;
  let bytes = 0;
  for (const [job, size] of sql.all(HELD_SIZES, broker)) {
    bytes += integer(size);
    if (last > 0 && bytes > MAX_RESCUED_BYTES) break;
    last = integer(job);
  }
  return last;
}

function mayRunAgain({ job }: StoredJob): boolean {
  return job.retries < job.maxRetries;
}

function afterDeath(stored: StoredJob, nowMs: number): StoredJob {
  const retries = stored.job.retries + 1;
  return rewriteJob(stored, { status: JobStatus.QUEUED, retries, atMs: nowMs });
}

/** `undefined` if nobody can read it: it is set aside. */
function readHeld(
  work: Work,
  { job, wire }: Pick<HeldJob, "job" | "wire">,
  status?: JobStatus,
): StoredJob | undefined {
  try {
    return decodeJob(wire, status);
  } catch (error) {
    if (!(error instanceof MalformedJobError)) throw error;
    setAside(work, { job, error });
    return undefined;
  }
}

const ADD_BROKER = `
INSERT INTO spinach_brokers (namespace, uuid, beats, lease_ms, machine, pid, pid_started)
VALUES (?, ?, 0, ?, ?, ?, ?)`;
const FIND_BROKER = "SELECT id FROM spinach_brokers WHERE uuid = ? AND namespace = ?";
const HOLDS_JOBS =
  "EXISTS (SELECT 1 FROM spinach_running WHERE spinach_running.broker = spinach_brokers.id)";
const BROKER_STATE = `SELECT ${HOLDS_JOBS} FROM spinach_brokers WHERE uuid = ? AND namespace = ?`;
const BEAT =
  "UPDATE spinach_brokers SET beats = beats + 1 WHERE uuid = ? AND namespace = ? RETURNING id";
const OTHER_BROKERS = `
SELECT id, uuid, beats, lease_ms, machine, pid, pid_started, ${HOLDS_JOBS}
FROM spinach_brokers
WHERE namespace = ? AND uuid <> ?`;
const IS_SILENT = "SELECT 1 FROM spinach_brokers WHERE id = ? AND beats = ?";
const LEAVE = `
DELETE FROM spinach_brokers
WHERE uuid = ? AND namespace = ?
  AND NOT EXISTS (SELECT 1 FROM spinach_running WHERE broker = spinach_brokers.id)`;
const HELD_JOBS = `
SELECT job, task, wire
FROM spinach_running LEFT JOIN spinach_jobs ON spinach_jobs.id = job
WHERE broker = ? AND job <= ?
ORDER BY job`;
const HELD_TASKS = `
SELECT task
FROM spinach_running LEFT JOIN spinach_jobs ON spinach_jobs.id = job
WHERE broker = ?
ORDER BY job`;
const HELD_ROWS = "SELECT job FROM spinach_running WHERE broker = ? ORDER BY job";
const HELD_JOB = `
SELECT task, wire
FROM spinach_running LEFT JOIN spinach_jobs ON spinach_jobs.id = job
WHERE job = ?`;
const HELD_SIZES = `
SELECT job, coalesce(octet_length(wire), 0)
FROM spinach_running LEFT JOIN spinach_jobs ON spinach_jobs.id = job
WHERE broker = ?
ORDER BY job
LIMIT 1000`;
const DISOWN = "UPDATE spinach_brokers SET uuid = 'taken over: ' || id WHERE id = ?";
const REMOVE_DONE = `
DELETE FROM spinach_brokers
WHERE id = ? AND NOT EXISTS (SELECT 1 FROM spinach_running WHERE broker = spinach_brokers.id)
RETURNING id`;
