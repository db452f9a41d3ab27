import { rescue } from "./brokers-table.ts";
import { boundQuarantine } from "./quarantine.ts";
import type { Work } from "./work.ts";

/** Rows of one table that cannot be ours: what they say is of the right type, and makes no sense. */
interface BadRows {
  readonly table: string;
  /** What is kept of a row, as SQL. */
  readonly kept: string;
  readonly where: string;
  readonly reason: string;
}

/** Largest number that JavaScript reads exactly. */
const READABLE = "BETWEEN -9007199254740991 AND 9007199254740991";

/** For numbers that others follow, each larger by one: there must be room for them. */
const COUNTABLE = "BETWEEN -4503599627370496 AND 4503599627370496";

const QUEUES = "(SELECT id FROM spinach_queues)";
const NAMESPACES = "(SELECT id FROM spinach_namespaces)";
const JOBS = "(SELECT id FROM spinach_jobs)";

function numbers(range: string, ...columns: readonly string[]): string {
  return columns.map((column) => `${column} NOT ${range}`).join(" OR ");
}

function elsewhere(...tables: readonly string[]): string {
  return tables.map((table) => `job IN (SELECT job FROM ${table})`).join(" OR ");
}

const OUT_OF_RANGE = "a number out of range";
const UNKNOWN = "it refers to what is not there";
const TWICE = "its job stands in another place too";
const READY = "json_array('ready', queue, seq, job)";
const FUTURE = "json_array('future', namespace, at_ms, job)";
const PARKED = "json_array('parked', task, queue, seq, job)";
const RUNNING = "json_array('running', broker, job)";
const LIMIT = "json_array('limit', id, namespace, task, most, running)";
const QUEUE = "json_array('queue', id, namespace, name)";

/** In an order in which each sees what those before it have left. */
const BAD_ROWS: readonly BadRows[] = [
  {
    table: "spinach_namespaces",
    kept: "json_array('namespace', id, name)",
    where: numbers(COUNTABLE, "id"),
    reason: OUT_OF_RANGE,
  },
  { table: "spinach_queues", kept: QUEUE, where: numbers(COUNTABLE, "id"), reason: OUT_OF_RANGE },
  {
    table: "spinach_queues",
    kept: QUEUE,
    where: `namespace NOT IN ${NAMESPACES}`,
    reason: UNKNOWN,
  },
  {
    table: "spinach_periodic",
    kept: "json_array('periodic', namespace, task, queue, max_retries, periodicity_ms, next_at_ms)",
    where:
      `${numbers(READABLE, "periodicity_ms", "next_at_ms", "max_retries")} ` +
      `OR ${numbers(COUNTABLE, "unstated")} OR periodicity_ms < 1 OR max_retries < 0`,
    reason: OUT_OF_RANGE,
  },
  {
    table: "spinach_definitions",
    kept: "json_array('definition', namespace, task, join_number, broker)",
    where: numbers(COUNTABLE, "join_number", "unstated"),
    reason: OUT_OF_RANGE,
  },
  {
    table: "spinach_brokers",
    kept: "json_array('broker', id, namespace, uuid, beats, lease_ms, machine, pid, pid_started)",
    where: `${numbers(COUNTABLE, "id", "beats", "lease_ms", "pid")} OR lease_ms < 1`,
    reason: OUT_OF_RANGE,
  },
  { table: "spinach_limits", kept: LIMIT, where: numbers(COUNTABLE, "id"), reason: OUT_OF_RANGE },
  { table: "spinach_jobs", kept: "wire", where: numbers(COUNTABLE, "id"), reason: OUT_OF_RANGE },
  { table: "spinach_jobs", kept: "wire", where: `queue NOT IN ${QUEUES}`, reason: UNKNOWN },
  {
    table: "spinach_ready",
    kept: READY,
    where: numbers(COUNTABLE, "queue", "seq", "job"),
    reason: OUT_OF_RANGE,
  },
  {
    table: "spinach_ready",
    kept: READY,
    where: `queue NOT IN ${QUEUES} OR job NOT IN ${JOBS}`,
    reason: UNKNOWN,
  },
  {
    table: "spinach_future",
    kept: FUTURE,
    where: `${numbers(READABLE, "at_ms")} OR ${numbers(COUNTABLE, "job")}`,
    reason: OUT_OF_RANGE,
  },
  {
    table: "spinach_future",
    kept: FUTURE,
    where: `namespace NOT IN ${NAMESPACES} OR job NOT IN ${JOBS}`,
    reason: UNKNOWN,
  },
  {
    table: "spinach_parked",
    kept: PARKED,
    where: numbers(COUNTABLE, "task", "queue", "seq", "job"),
    reason: OUT_OF_RANGE,
  },
  {
    table: "spinach_parked",
    kept: PARKED,
    where: `task NOT IN (SELECT id FROM spinach_limits) OR queue NOT IN ${QUEUES} OR job NOT IN ${JOBS}`,
    reason: UNKNOWN,
  },
  { table: "spinach_running", kept: RUNNING, where: `job NOT IN ${JOBS}`, reason: UNKNOWN },
  {
    table: "spinach_running",
    kept: RUNNING,
    where:
      "EXISTS (SELECT 1 FROM spinach_running AS other " +
      "WHERE other.job = spinach_running.job AND other.broker < spinach_running.broker)",
    reason: TWICE,
  },
  {
    table: "spinach_ready",
    kept: READY,
    where:
      `${elsewhere("spinach_running")} OR (queue, seq) NOT IN ` +
      "(SELECT queue, seq FROM (SELECT queue, min(seq) AS seq, job FROM spinach_ready GROUP BY job))",
    reason: TWICE,
  },
  {
    table: "spinach_parked",
    kept: PARKED,
    where:
      `${elsewhere("spinach_running", "spinach_ready")} OR (task, queue, seq) NOT IN ` +
      "(SELECT task, queue, seq FROM (SELECT task, queue, min(seq) AS seq, job FROM spinach_parked GROUP BY job))",
    reason: TWICE,
  },
  {
    table: "spinach_future",
    kept: FUTURE,
    where:
      `${elsewhere("spinach_running", "spinach_ready", "spinach_parked")} OR (namespace, at_ms, job) NOT IN ` +
      "(SELECT namespace, at_ms, job FROM (SELECT namespace, min(at_ms) AS at_ms, job FROM spinach_future GROUP BY job))",
    reason: TWICE,
  },
  {
    table: "spinach_jobs",
    kept: "wire",
    where:
      "id NOT IN (SELECT job FROM spinach_ready UNION ALL SELECT job FROM spinach_future " +
      "UNION ALL SELECT job FROM spinach_parked UNION ALL SELECT job FROM spinach_running)",
    reason: "it stood in no place, or in a bad one",
  },
];

/**
 * Sets all rows aside that cannot be ours, after one of them kept a piece of work from being done. It reads whole
 * tables, which nothing else does: that is the price of a bad row, and of nobody else.
 *
 * @returns how many, by table
 */
export function setBadRowsAside(work: Work): Readonly<Record<string, number>> {
  const { space, nowMs } = work;
  const found: Record<string, number> = {};
  // Cached numbers may be those of rows that go.
  space.forget();
  for (const { table, kept, where, reason } of BAD_ROWS) {
    const add = `INSERT INTO spinach_quarantine (namespace, reason, wire, at_ms) SELECT ?, ?, ${kept}, ? FROM ${table} WHERE ${where}`;
    space.sql.run(add, space.id, `${table}: ${reason}`, nowMs);
    const count = space.sql.change(`DELETE FROM ${table} WHERE ${where}`);
    if (count > 0) found[table] = (found[table] ?? 0) + count;
    space.forget();
  }
  const limits = mendLimits(work);
  if (limits > 0) found["spinach_limits"] = (found["spinach_limits"] ?? 0) + limits;
  const held = reclaimOfNobody(work);
  if (held > 0) found["spinach_running"] = (found["spinach_running"] ?? 0) + held;
  boundQuarantine(work);
  return found;
}

/** Jobs may be parked behind a limit: it is lifted, until a process states it again. What runs is counted anew. */
function mendLimits({ space, nowMs }: Work): number {
  const { sql } = space;
  sql.run(
    `INSERT INTO spinach_quarantine (namespace, reason, wire, at_ms) SELECT ?, ?, ${LIMIT}, ? FROM spinach_limits WHERE ${BAD_LIMIT}`,
    space.id,
    `spinach_limits: ${OUT_OF_RANGE}`,
    nowMs,
  );
  const lifted = sql.change(
    `UPDATE spinach_limits SET most = NULL, unstated = 0, running = 0 WHERE ${BAD_LIMIT}`,
  );
  return lifted + sql.change(COUNT_RUNNING);
}

/** Jobs of a broker that is not there are those of one that has died. What is too much for once, a sweep finds. */
function reclaimOfNobody(work: Work): number {
  const { space } = work;
  if (space.sql.get(HELD_BY_NOBODY) === undefined) return 0;
  const nobody = space.sql.insert(ADD_NOBODY, space.id, `nobody ${work.nowMs}`);
  const count = space.sql.change(GIVE_TO, nobody);
  rescue(work, nobody);
  return count;
}

const BAD_LIMIT =
  `${numbers(READABLE, "most", "running")} OR ${numbers(COUNTABLE, "unstated")} ` +
  "OR most < 1 OR running < 0";
const RUNNING_OF_TASK = `
(SELECT count(*)
 FROM spinach_brokers
 JOIN spinach_running ON spinach_running.broker = spinach_brokers.id
 JOIN spinach_jobs ON spinach_jobs.id = spinach_running.job
 WHERE spinach_brokers.namespace = spinach_limits.namespace AND spinach_jobs.task = spinach_limits.task)`;
const COUNT_RUNNING = `UPDATE spinach_limits SET running = ${RUNNING_OF_TASK} WHERE running <> ${RUNNING_OF_TASK}`;
const HELD_BY_NOBODY =
  "SELECT 1 FROM spinach_running WHERE broker NOT IN (SELECT id FROM spinach_brokers)";
const ADD_NOBODY = `
INSERT INTO spinach_brokers (namespace, uuid, beats, lease_ms, machine, pid, pid_started)
VALUES (?, ?, 0, 1, '', 0, '')`;
const GIVE_TO =
  "UPDATE spinach_running SET broker = ? WHERE broker NOT IN (SELECT id FROM spinach_brokers)";
