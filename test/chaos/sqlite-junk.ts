import { JUNK_JOBS } from "./junk-texts.ts";

/** What other programs leave in a table: rows that point nowhere, and values that no program of ours writes. */
export interface SqliteJunk {
  readonly table: string;
  readonly what: string;
  /** Statements. They change nothing that is ours. */
  readonly plant: string;
  /** Statements that take away what nobody will meet. */
  readonly undo?: string;
}

/** A row number that no row ever has. */
const NOWHERE = -5;

/** The task of what nobody meets, and is taken away in the end: not that of jobs, which would wait for its limit. */
const UNMET = "unmet";

/** An integer that no JavaScript number holds. */
const HUGE = "9007199254740993";

/** In each table of a namespace. */
export function sqliteJunk(namespace: string): readonly SqliteJunk[] {
  const space = `(SELECT id FROM spinach_namespaces WHERE name = '${namespace}')`;
  const queue = `(SELECT id FROM spinach_queues WHERE namespace = ${space} AND name = 'spinach')`;
  const first = `(SELECT coalesce(min(seq), 0) - 1 FROM spinach_ready WHERE queue = ${queue})`;
  return [
    ...inJobs({ space, queue, first }),
    ...inReady({ queue, first }),
    ...inFuture(space),
    ...inLimits({ space, queue }),
    ...inPeriodic(space),
    ...inBrokers({ space, queue }),
    {
      table: "quarantine",
      what: "a row",
      plant: `INSERT INTO spinach_quarantine (namespace, reason, wire, at_ms)
        VALUES (${space}, 'junk', 'junk', ${HUGE})`,
    },
    ...["queues (namespace, name) VALUES (-5, 'junk')", "namespaces (name) VALUES ('junk')"].map(
      (row) => {
        const [table = ""] = row.split(" ");
        const undo = `DELETE FROM spinach_${table} WHERE name = 'junk'`;
        return { table, what: "a row", plant: `INSERT OR IGNORE INTO spinach_${row}`, undo };
      },
    ),
  ];
}

/** Subqueries. */
interface Places {
  readonly space: string;
  readonly queue: string;
  readonly first: string;
}

function inJobs({ space, queue, first }: Places): readonly SqliteJunk[] {
  const job = (wire: string, where = queue, task = "junk"): string =>
    `INSERT INTO spinach_jobs (queue, task, wire)
      VALUES (${where}, '${task}', '${wire.replaceAll("'", "''")}');`;
  const places = {
    ready: `INSERT INTO spinach_ready VALUES (${queue}, ${first}, last_insert_rowid())`,
    future: `INSERT INTO spinach_future VALUES (${space}, 1, last_insert_rowid())`,
  };
  const members = JUNK_JOBS["a member twice"] ?? "";
  return [
    ...Object.entries(JUNK_JOBS).flatMap(([what, wire]) =>
      Object.entries(places).map(([place, row]) => ({
        table: "jobs",
        what: `${what}, ${place}`,
        plant: `${job(wire)} ${row}`,
      })),
    ),
    {
      table: "jobs",
      what: "of a queue that is nowhere",
      plant: `${job(members, String(NOWHERE))} ${places.future}`,
    },
    {
      table: "jobs",
      what: "that stands nowhere",
      plant: job(members, queue, UNMET),
      undo: `DELETE FROM spinach_jobs WHERE task = '${UNMET}'`,
    },
  ];
}

function inReady({ queue, first }: Omit<Places, "space">): readonly SqliteJunk[] {
  const undo = `DELETE FROM spinach_ready WHERE job = ${NOWHERE} OR queue = ${NOWHERE}`;
  return [
    {
      table: "ready",
      what: "a job that is nowhere",
      plant: `INSERT INTO spinach_ready VALUES (${queue}, ${first}, ${NOWHERE})`,
    },
    {
      table: "ready",
      what: "a job twice",
      plant: `INSERT INTO spinach_ready SELECT queue, ${first}, job FROM spinach_ready
        WHERE queue = ${queue} ORDER BY seq DESC LIMIT 1`,
    },
    {
      table: "ready",
      what: "a queue that is nowhere",
      plant: `INSERT OR REPLACE INTO spinach_ready VALUES (${NOWHERE}, 1, ${NOWHERE})`,
      undo,
    },
  ];
}

function inFuture(space: string): readonly SqliteJunk[] {
  return ["1", "-9007199254740993", HUGE, "9223372036854775807"].map((atMs) => ({
    table: "future",
    what: `a job that is nowhere, at ${atMs} ms`,
    plant: `INSERT OR REPLACE INTO spinach_future VALUES (${space}, ${atMs}, ${NOWHERE})`,
    undo: `DELETE FROM spinach_future WHERE job = ${NOWHERE}`,
  }));
}

function inLimits({ space, queue }: Omit<Places, "first">): readonly SqliteJunk[] {
  const ofLimit = "(SELECT id FROM spinach_limits WHERE task = 'onceLimited')";
  return [
    ...["-5, 0", "0, -5", `${HUGE}, 0`, `1, ${HUGE}`].map((values) => ({
      table: "limits",
      what: values,
      plant: `INSERT OR REPLACE INTO spinach_limits (namespace, task, most, running)
        VALUES (${space}, '${UNMET}', ${values})`,
      undo: `DELETE FROM spinach_limits WHERE task = '${UNMET}'`,
    })),
    ...["-1", HUGE].map((joinNumber) => ({
      table: "definitions",
      what: `of process ${joinNumber}`,
      plant: `INSERT OR REPLACE INTO spinach_definitions (namespace, task, join_number, broker)
        VALUES (${space}, 'onceLimited', ${joinNumber}, 'nobody')`,
    })),
    ...[String(NOWHERE), ofLimit].map((limit) => ({
      table: "parked",
      what: limit,
      plant: `INSERT OR REPLACE INTO spinach_parked
        SELECT ${limit}, ${queue}, ${NOWHERE}, ${NOWHERE} WHERE ${limit} IS NOT NULL`,
      undo: `DELETE FROM spinach_parked WHERE job = ${NOWHERE}`,
    })),
  ];
}

function inPeriodic(space: string): readonly SqliteJunk[] {
  // max_retries, periodicity_ms, next_at_ms
  const values = ["0, 0, 1", "0, -5, 1", `0, ${HUGE}, 1`, `${HUGE}, 1000, 1`, "-5, 1000, 1"];
  return [...values, `0, 1000, ${HUGE}`, `0, 1000, -${HUGE}`].map((row) => ({
    table: "periodic",
    what: row,
    plant: `INSERT OR REPLACE INTO spinach_periodic
      (namespace, task, queue, max_retries, periodicity_ms, next_at_ms)
      VALUES (${space}, 'junk', 'spinach', ${row})`,
    undo: "DELETE FROM spinach_periodic WHERE task = 'junk'",
  }));
}

function inBrokers({ space, queue }: Omit<Places, "first">): readonly SqliteJunk[] {
  // beats, lease_ms, machine, pid, pid_started
  const rows = [
    "0, 0, '', -5, ''",
    `0, ${HUGE}, '', ${HUGE}, ''`,
    `${HUGE}, -5, 'junk', 0, 'junk'`,
  ];
  const live = "(SELECT id FROM spinach_brokers WHERE uuid != 'junk' LIMIT 1)";
  const undo = `DELETE FROM spinach_running WHERE job = ${NOWHERE}`;
  return [
    ...rows.map((row) => ({
      table: "brokers",
      what: row,
      plant: `INSERT OR IGNORE INTO spinach_brokers
        (namespace, uuid, beats, lease_ms, machine, pid, pid_started)
        VALUES (${space}, 'junk', ${row});
        INSERT OR REPLACE INTO spinach_running
        SELECT id, ${NOWHERE} FROM spinach_brokers WHERE uuid = 'junk'`,
      undo: `${undo}; DELETE FROM spinach_brokers WHERE uuid = 'junk'`,
    })),
    {
      table: "running",
      what: "a broker that is nowhere",
      plant: `INSERT OR REPLACE INTO spinach_running VALUES (${NOWHERE}, ${NOWHERE});
        INSERT INTO spinach_jobs (queue, task, wire) VALUES (${queue}, '${UNMET}', 'junk');
        INSERT INTO spinach_running VALUES (${NOWHERE}, last_insert_rowid())`,
      undo: `DELETE FROM spinach_running WHERE broker = ${NOWHERE};
        DELETE FROM spinach_jobs WHERE task = '${UNMET}'`,
    },
    {
      table: "running",
      what: "a job that is nowhere",
      plant: `INSERT OR REPLACE INTO spinach_running
        SELECT ${live}, ${NOWHERE} WHERE ${live} IS NOT NULL`,
      undo,
    },
  ];
}
