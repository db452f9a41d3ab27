/**
 * The tables, all prefixed: the rest of the file is the application's, and so are its `user_version` and
 * `application_id`. A job is a row of `spinach_jobs`, written once; where it stands is one small row in
 * exactly one of `spinach_ready`, `spinach_future`, `spinach_parked` and `spinach_running`, so that
 * a job moves without its text.
 */

/** The version of the schema that this program writes. */
export const SCHEMA_VERSION = 2;

/** The oldest version whose programs can work with it: what came since only adds. */
export const COMPATIBLE_FROM = 1;

/** Each brings the schema to the next version. A released one is never changed. */
export const MIGRATIONS: readonly string[] = [
  `
CREATE TABLE spinach_namespaces (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE spinach_queues (
  id INTEGER PRIMARY KEY,
  namespace INTEGER NOT NULL,
  name TEXT NOT NULL,
  UNIQUE (namespace, name)
) STRICT;
-- wire: the text of the job, as every broker has it.
CREATE TABLE spinach_jobs (
  id INTEGER PRIMARY KEY,
  queue INTEGER NOT NULL,
  task TEXT NOT NULL,
  wire TEXT NOT NULL
) STRICT;
-- Lowest seq first. Jobs that are put back get one below all others.
CREATE TABLE spinach_ready (
  queue INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  job INTEGER NOT NULL,
  PRIMARY KEY (queue, seq)
) STRICT, WITHOUT ROWID;
-- Jobs of one millisecond in the order of their arrival, which their numbers have.
CREATE TABLE spinach_future (
  namespace INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  job INTEGER NOT NULL,
  PRIMARY KEY (namespace, at_ms, job)
) STRICT, WITHOUT ROWID;
-- Jobs that met the limit of their task.
CREATE TABLE spinach_parked (
  task INTEGER NOT NULL,
  queue INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  job INTEGER NOT NULL,
  PRIMARY KEY (task, queue, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE spinach_running (
  broker INTEGER NOT NULL,
  job INTEGER NOT NULL,
  PRIMARY KEY (broker, job)
) STRICT, WITHOUT ROWID;
-- Tasks that have, or had, a limit; most NULL: none any more, but jobs may be parked still.
-- unstated: how often processes stated their tasks, and this one was not among them, in a row.
CREATE TABLE spinach_limits (
  id INTEGER PRIMARY KEY,
  namespace INTEGER NOT NULL,
  task TEXT NOT NULL,
  most INTEGER,
  running INTEGER NOT NULL,
  unstated INTEGER NOT NULL DEFAULT 0,
  UNIQUE (namespace, task)
) STRICT;
CREATE TABLE spinach_periodic (
  namespace INTEGER NOT NULL,
  task TEXT NOT NULL,
  queue TEXT NOT NULL,
  max_retries INTEGER NOT NULL,
  periodicity_ms INTEGER NOT NULL,
  next_at_ms INTEGER NOT NULL,
  unstated INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (namespace, task)
) STRICT, WITHOUT ROWID;
-- A number is never used twice: who was given up must not be taken for who came after.
CREATE TABLE spinach_brokers (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  namespace INTEGER NOT NULL,
  uuid TEXT NOT NULL UNIQUE,
  beats INTEGER NOT NULL,
  lease_ms INTEGER NOT NULL,
  machine TEXT NOT NULL,
  pid INTEGER NOT NULL,
  pid_started TEXT NOT NULL
) STRICT;
-- What is not ours or cannot be read, with the reason.
CREATE TABLE spinach_quarantine (
  id INTEGER PRIMARY KEY,
  namespace INTEGER NOT NULL,
  reason TEXT NOT NULL,
  wire TEXT NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT;
`,
  `
-- The last number that a process got which registers its tasks: see definition-owner.ts.
ALTER TABLE spinach_namespaces ADD COLUMN join_number INTEGER NOT NULL DEFAULT 0;
-- Whose definition of a task counts. broker: its uuid.
CREATE TABLE spinach_definitions (
  namespace INTEGER NOT NULL,
  task TEXT NOT NULL,
  join_number INTEGER NOT NULL,
  broker TEXT NOT NULL,
  unstated INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (namespace, task)
) STRICT, WITHOUT ROWID;
`,
];
