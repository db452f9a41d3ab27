/**
 * The one place that knows how a job looks in a broker: Python Spinach's JSON object, its seconds
 * and microseconds included. Ours puts `id` first, at a fixed offset, so that a script can read it
 * without decoding the job.
 *
 * Source: spinach/job.py Job.serialize, Job.deserialize
 */
import { MAX_TIMER_MS } from "./constants.ts";
import { MalformedJobError } from "./errors.ts";
import { isJobStatus, type JobStatus } from "./job-status.ts";
import type { HeadEdit, Job, StoredJob } from "./job.ts";
import { jsonText } from "./json-carrier.ts";
import { topLevelMembers } from "./json-members.ts";

/** What a settle or a rescue changes in a stored job; everything else stays byte for byte. */
export interface JobChanges {
  readonly status: JobStatus;
  readonly retries: number;
  /** Epoch time in ms. */
  readonly atMs: number;
}

/**
 * The text of a new job. Its arguments must be ones that JSON carries.
 *
 * @param hasNegativeZero - whether a number in its arguments is -0
 * @param order - of its time, what is below the ms of its Date, in microseconds up to 999: tells the order of jobs of one ms
 */
export function encodeJob(job: Job, hasNegativeZero = false, order = 0): string {
  const atMs = job.at.getTime();
  const seconds = Math.floor(atMs / 1000);
  const fields = {
    id: job.id,
    status: job.status,
    task_name: job.taskName,
    queue: job.queue,
    max_retries: job.maxRetries,
    retries: job.retries,
    at: seconds,
    // A Date has whole ms.
    at_us: (atMs - seconds * 1000) * 1000 + order,
    // Left out of the text while undefined.
    timeout_ms: job.timeoutMs,
    task_args: job.args,
    task_kwargs: job.kwargs,
  };
  return jsonText(fields, hasNegativeZero);
}

/**
 * Reads a job written by us, by Python or by a Python script, which writes an empty list as `{}`.
 *
 * @param status - where the job was found; what the text says of it is only a hint
 * @throws MalformedJobError if the text is not a job
 */
export function decodeJob(wire: string, status?: JobStatus): StoredJob {
  const fields = parseObject(wire);
  const timeoutMs = timeoutField(wire, fields);
  const job: Job = {
    id: stringField(wire, fields, "id"),
    status: status ?? statusField(wire, fields),
    taskName: stringField(wire, fields, "task_name"),
    queue: stringField(wire, fields, "queue"),
    at: timeField(wire, fields),
    maxRetries: countField(wire, fields, "max_retries"),
    retries: countField(wire, fields, "retries"),
    args: argsField(wire, fields),
    kwargs: kwargsField(wire, fields),
  };
  return { job: timeoutMs === undefined ? job : { ...job, timeoutMs }, wire };
}

/** A text that goes on for longer than this after its last change need not be sent again, in characters. */
const LONG_REST = 1024;

/** The same job with other status, retries and time. Its arguments are copied, not re-encoded. */
export function rewriteJob(stored: StoredJob, changes: JobChanges): StoredJob {
  const { head, replaced } = editHead(stored, changes);
  const rest = stored.wire.slice(replaced.length);
  const rewritten = { job: changedJob(stored.job, changes), wire: head + rest };
  if (rest.length <= LONG_REST || replaced.includes(REPLACEMENT)) return rewritten;
  return { ...rewritten, edit: headEdit(head, replaced) };
}

/** Like `rewriteJob`, of a text that ends before its arguments: only its `edit` counts. */
export function rewriteHead(stored: StoredJob, changes: JobChanges): StoredJob {
  const { head, replaced } = editHead(stored, changes);
  return {
    job: changedJob(stored.job, changes),
    wire: stored.wire,
    edit: headEdit(head, replaced),
  };
}

/** Reads a job whose text ends before its arguments; it has none. See `decodeJob`. */
export function decodeHead(head: string): StoredJob {
  return decodeJob(`${head},"task_args":[],"task_kwargs":{}}`);
}

/** Stands for bytes that are no text: where one is, characters do not tell how many bytes there were. */
const REPLACEMENT = "\uFFFD";

function headEdit(head: string, replaced: string): HeadEdit {
  return { head, replacedBytes: new TextEncoder().encode(replaced).length };
}

function changedJob(job: Job, { status, retries, atMs }: JobChanges): Job {
  return { ...job, status, retries, at: new Date(atMs) };
}

/** The text until its last change, and what that takes the place of. */
function editHead(
  { job, wire }: StoredJob,
  { status, retries, atMs }: JobChanges,
): { readonly head: string; readonly replaced: string } {
  const { seconds, micros } = toWireTime(atMs);
  // A time that stays keeps its microseconds, which a Date does not hold.
  const time = atMs === job.at.getTime() ? {} : { at: seconds, at_us: micros };
  const values: Readonly<Record<string, number>> = { status, retries, ...time };
  let head = "";
  let copied = 0;
  for (const { key, start, end } of topLevelMembers(wire)) {
    const value = Object.hasOwn(values, key) ? values[key] : undefined;
    if (value === undefined) continue;
    head += wire.slice(copied, start) + value;
    copied = end;
  }
  return { head, replaced: wire.slice(0, copied) };
}

function toWireTime(atMs: number): { seconds: number; micros: number } {
  const seconds = Math.floor(atMs / 1000);
  return { seconds, micros: Math.min(Math.round((atMs - seconds * 1000) * 1000), 999_999) };
}

/** Compares held jobs by the time in their texts, microseconds included: by when they were made, most of them. */
export function compareTimes(one: StoredJob, other: StoredJob): number {
  const byMs = one.job.at.getTime() - other.job.at.getTime();
  return byMs === 0 ? microsIn(one.wire) - microsIn(other.wire) : byMs;
}

function microsIn(wire: string): number {
  return Number(/"at_us":\s*(?<micros>\d+)/v.exec(wire)?.groups?.["micros"]);
}

type Fields = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseObject(wire: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(wire);
  } catch (error) {
    throw new MalformedJobError(wire, `it is not JSON${placeIn(error)}`);
  }
  if (!isRecord(value)) throw new MalformedJobError(wire, "it is not a JSON object");
  return value;
}

/** Where parsing failed, of a message that shows the text around it otherwise. */
function placeIn(error: unknown): string {
  const place = / at position \d+/v.exec(error instanceof Error ? error.message : "");
  return place?.[0] ?? "";
}

function stringField(wire: string, fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== "string") throw new MalformedJobError(wire, `"${name}" is not a string`);
  return value;
}

/** A whole number that is not negative. */
function countField(wire: string, fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new MalformedJobError(wire, `"${name}" is not a whole number of at least 0`);
}

function timeoutField(wire: string, fields: Fields): number | undefined {
  if (fields["timeout_ms"] === undefined) return undefined;
  const timeoutMs = countField(wire, fields, "timeout_ms");
  if (timeoutMs >= 1 && timeoutMs <= MAX_TIMER_MS) return timeoutMs;
  throw new MalformedJobError(wire, `"timeout_ms" is not from 1 to ${MAX_TIMER_MS}`);
}

function statusField(wire: string, fields: Fields): JobStatus {
  const value = fields["status"];
  if (!isJobStatus(value)) throw new MalformedJobError(wire, `"status" is not a status`);
  return value;
}

/** A Date holds whole milliseconds: the microseconds below stay in the text alone. */
function timeField(wire: string, fields: Fields): Date {
  const seconds = fields["at"];
  const micros = countField(wire, fields, "at_us");
  const at = new Date(Number(seconds) * 1000 + Math.floor(micros / 1000));
  if (typeof seconds === "number" && !Number.isNaN(at.getTime())) return at;
  throw new MalformedJobError(wire, `"at" is not a time in seconds`);
}

function argsField(wire: string, fields: Fields): readonly unknown[] {
  const value = fields["task_args"];
  if (Array.isArray(value)) return value;
  if (isRecord(value) && Object.keys(value).length === 0) return [];
  throw new MalformedJobError(wire, `"task_args" is not an array`);
}

function kwargsField(wire: string, fields: Fields): Readonly<Record<string, unknown>> {
  const value = fields["task_kwargs"];
  if (isRecord(value)) return value;
  throw new MalformedJobError(wire, `"task_kwargs" is not an object`);
}
