import { newPeriodicJob } from "../../core/new-job.ts";
import type { TaskDefinition } from "../../core/task.ts";
import type { DefinitionOwner } from "../definition-owner.ts";
import { drawJoinNumber, knowJoinNumber, ownDefinition } from "./definitions.ts";
import type { JobPlaces } from "./job-places.ts";
import { integer, text, UnreadableRowError } from "./sql-session.ts";
import type { Work } from "./work.ts";

/**
 * After so many statements of others the period and limit of a task that no process states any more are
 * forgotten. Each process states its tasks every two minutes. No time is measured: on a machine that slept
 * for a day, the first process to wake up would forget the tasks of the second.
 */
const REMEMBERED_STATEMENTS = 1000;

/**
 * Takes in what a process says of its tasks; others' stay. A process has the number 0 until it registers a definition.
 *
 * @returns the number of the process
 */
export function stateTasks(
  work: Work,
  tasks: readonly TaskDefinition[],
  { brokerId, joinNumber }: DefinitionOwner,
): number {
  for (const statement of COUNT_UNSTATED) work.space.sql.run(statement, work.space.id);
  // Who only names a task says nothing of its period and limit.
  const stated = tasks.filter(({ fn }) => fn !== undefined);
  const isFirst = joinNumber === 0 && stated.length > 0;
  const owner = { brokerId, joinNumber: isFirst ? drawJoinNumber(work) : joinNumber };
  knowJoinNumber(work, owner.joinNumber);
  for (const task of stated) stateTask(work, task, owner);
  forgetOld(work);
  work.woken.any = true;
  return owner.joinNumber;
}

function stateTask(work: Work, task: TaskDefinition, owner: DefinitionOwner): void {
  if (ownDefinition(work, owner, task.name)) {
    statePeriod(work, task);
    stateLimit(work, task);
    return;
  }
  // The definition of another: it is not forgotten as long as any process has the task.
  const { sql, id } = work.space;
  for (const statement of RENEW) sql.run(statement, id, task.name);
}

/** An unchanged period keeps its rhythm. */
function statePeriod({ space, nowMs }: Work, task: TaskDefinition): void {
  const { name, queue, maxRetries, periodicityMs } = task;
  if (periodicityMs === undefined) {
    space.sql.run("DELETE FROM spinach_periodic WHERE namespace = ? AND task = ?", space.id, name);
    return;
  }
  const nextAtMs = readable(nowMs + periodicityMs);
  const values = [queue, maxRetries, periodicityMs, nextAtMs];
  space.sql.run(STATE_PERIOD, space.id, name, ...values);
}

/** A limit that is new counts what runs already. */
function stateLimit({ space }: Work, task: TaskDefinition): void {
  const { name, maxConcurrency } = task;
  const { sql } = space;
  if (maxConcurrency === undefined) {
    sql.run(
      "UPDATE spinach_limits SET most = NULL WHERE namespace = ? AND task = ?",
      space.id,
      name,
    );
    return;
  }
  if (sql.get("SELECT 1 FROM spinach_limits WHERE namespace = ? AND task = ?", space.id, name)) {
    sql.run(CHANGE_LIMIT, maxConcurrency, space.id, name);
    return;
  }
  sql.run(ADD_LIMIT, space.id, name, maxConcurrency, space.id, name);
}

/** What nobody states any more goes; jobs that are parked behind a limit keep its row, without the limit. */
function forgetOld({ space }: Work): void {
  const { sql, id } = space;
  sql.run(FORGET_PERIODS, id, REMEMBERED_STATEMENTS);
  sql.run(LIFT_LIMITS, id, REMEMBERED_STATEMENTS);
  sql.run(FORGET_LIMITS, id);
  sql.run(FORGET_DEFINITIONS, id, REMEMBERED_STATEMENTS);
}

/** Makes the jobs of the periodic tasks that are due: one each, however many periods were missed. */
export function runPeriodic(work: Work, places: JobPlaces, newId: () => string): void {
  const { space, nowMs } = work;
  for (const [name, queue, maxRetries, periodMs, nextMs] of due(work)) {
    const periodicityMs = integer(periodMs);
    if (periodicityMs < 1) throw new UnreadableRowError(`a period of ${periodicityMs} ms`);
    const nextAtMs = integer(nextMs);
    const task = { name: text(name), queue: text(queue), maxRetries: integer(maxRetries) };
    if (nextAtMs <= nowMs) {
      const missed = Math.floor((nowMs - nextAtMs) / periodicityMs);
      const laterMs = readable(nextAtMs + (missed + 1) * periodicityMs);
      space.sql.run(PLAN, laterMs, space.id, task.name);
      places.add([newPeriodicJob(task, { id: newId(), nowMs })]);
    } else {
      // Further away than its period: the clock was set back. It starts a new rhythm.
      space.sql.run(PLAN, readable(nowMs + periodicityMs), space.id, task.name);
    }
  }
}

/** SQLite would keep a later time, but nobody could read it again. */
function readable(atMs: number): number {
  return Math.min(atMs, Number.MAX_SAFE_INTEGER);
}

function due({ space, nowMs }: Work) {
  return space.sql.all(DUE_PERIODIC, space.id, nowMs, nowMs);
}

const COUNT_UNSTATED: readonly string[] = [
  "UPDATE spinach_periodic SET unstated = unstated + 1 WHERE namespace = ?",
  "UPDATE spinach_limits SET unstated = unstated + 1 WHERE namespace = ?",
  "UPDATE spinach_definitions SET unstated = unstated + 1 WHERE namespace = ?",
];
const RENEW: readonly string[] = [
  "UPDATE spinach_periodic SET unstated = 0 WHERE namespace = ? AND task = ?",
  "UPDATE spinach_limits SET unstated = 0 WHERE namespace = ? AND task = ?",
  "UPDATE spinach_definitions SET unstated = 0 WHERE namespace = ? AND task = ?",
];
const FORGET_DEFINITIONS = "DELETE FROM spinach_definitions WHERE namespace = ? AND unstated > ?";
const FORGET_PERIODS = "DELETE FROM spinach_periodic WHERE namespace = ? AND unstated > ?";
const LIFT_LIMITS = "UPDATE spinach_limits SET most = NULL WHERE namespace = ? AND unstated > ?";
const STATE_PERIOD = `
INSERT INTO spinach_periodic
  (namespace, task, queue, max_retries, periodicity_ms, next_at_ms)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (namespace, task) DO UPDATE SET
  queue = excluded.queue,
  max_retries = excluded.max_retries,
  next_at_ms =
    iif(periodicity_ms = excluded.periodicity_ms, next_at_ms, excluded.next_at_ms),
  periodicity_ms = excluded.periodicity_ms,
  unstated = 0`;
const CHANGE_LIMIT =
  "UPDATE spinach_limits SET most = ?, unstated = 0 WHERE namespace = ? AND task = ?";
const ADD_LIMIT = `
INSERT INTO spinach_limits (namespace, task, most, running)
VALUES (?, ?, ?, (
  SELECT count(*)
  FROM spinach_brokers
  CROSS JOIN spinach_running ON spinach_running.broker = spinach_brokers.id
  CROSS JOIN spinach_jobs ON spinach_jobs.id = spinach_running.job
  WHERE spinach_brokers.namespace = ? AND spinach_jobs.task = ?))`;
const FORGET_LIMITS = `
DELETE FROM spinach_limits
WHERE namespace = ? AND most IS NULL
  AND NOT EXISTS (SELECT 1 FROM spinach_parked WHERE spinach_parked.task = spinach_limits.id)`;
const DUE_PERIODIC = `
SELECT task, queue, max_retries, periodicity_ms, next_at_ms
FROM spinach_periodic
WHERE namespace = ? AND (next_at_ms <= ? OR next_at_ms > ? + periodicity_ms)`;
const PLAN = "UPDATE spinach_periodic SET next_at_ms = ? WHERE namespace = ? AND task = ?";
