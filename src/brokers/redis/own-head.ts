/**
 * What the scripts read of a job, read here as they do it: see lua/lib/job.lua. A text of ours starts with
 * `{"id":"<36 bytes>","status":<digit>,"task_name":"...","queue":"..."`, and they read no further; others they decode.
 */
import type { StoredJob } from "../../core/job.ts";

const BEFORE_ID = '{"id":"';
const ID_BYTES = 36;

/** The id in a text that starts as ours do. */
function ownId(wire: string): string | undefined {
  if (!wire.startsWith(BEFORE_ID)) return undefined;
  const id = wire.slice(BEFORE_ID.length, wire.indexOf('"', BEFORE_ID.length));
  return Buffer.byteLength(id) === ID_BYTES ? id : undefined;
}

/** By which id a broker holds a text; `undefined` if only the script can tell. */
export function heldId(wire: string): string | undefined {
  const own = ownId(wire);
  if (own !== undefined) return own;
  try {
    const value: unknown = JSON.parse(wire);
    const isObject = typeof value === "object" && value !== null;
    return isObject && "id" in value && typeof value.id === "string" ? value.id : undefined;
  } catch {
    return undefined;
  }
}

const HEAD =
  /^,"status":\d,"task_name":"(?<task>(?:[^"\\]|\\.)*)","queue":"(?<queue>(?:[^"\\]|\\.)*)"/sv;

/** Whether a job that was read is the same to the scripts: none of its members comes again behind the head. */
export function isReadAlike({ job, wire }: StoredJob): boolean {
  // Of nearly all jobs, this is all.
  if (isPlainHead({ job, wire })) return true;
  const { id, taskName, queue } = job;
  const own = ownId(wire);
  if (own === undefined) return true;
  if (own !== id) return false;
  const groups = HEAD.exec(wire.slice(BEFORE_ID.length + own.length + 1))?.groups;
  if (groups === undefined) return true;
  return unescaped(groups["task"]) === taskName && unescaped(groups["queue"]) === queue;
}

const BEFORE_STATUS = '","status":';
const BEFORE_TASK = ',"task_name":"';
const BEFORE_QUEUE = '","queue":"';

/** Whether a text starts as ours do, nothing escaped. Piece by piece: to put them together takes five times as long. */
function isPlainHead({ job: { id, taskName, queue }, wire }: StoredJob): boolean {
  const atStatus = BEFORE_ID.length + id.length;
  const atRest = atStatus + BEFORE_STATUS.length + 1;
  const atTask = atRest + BEFORE_TASK.length;
  const atEnd = atTask + taskName.length;
  const atQueue = atEnd + BEFORE_QUEUE.length;
  return (
    wire.startsWith(BEFORE_ID) &&
    wire.startsWith(id, BEFORE_ID.length) &&
    wire.startsWith(BEFORE_STATUS, atStatus) &&
    wire.startsWith(BEFORE_TASK, atRest) &&
    wire.startsWith(taskName, atTask) &&
    wire.startsWith(BEFORE_QUEUE, atEnd) &&
    wire.startsWith(queue, atQueue) &&
    wire[atQueue + queue.length] === '"' &&
    isPlain(taskName) &&
    isPlain(queue)
  );
}

function isPlain(name: string): boolean {
  return !name.includes('"') && !name.includes("\\");
}

function unescaped(raw = ""): unknown {
  return JSON.parse(`"${raw}"`);
}
