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
  if (isOwnHead({ job, wire })) return true;
  const { id, taskName, queue } = job;
  const own = ownId(wire);
  if (own === undefined) return true;
  if (own !== id) return false;
  const groups = HEAD.exec(wire.slice(BEFORE_ID.length + own.length + 1))?.groups;
  if (groups === undefined) return true;
  return unescaped(groups["task"]) === taskName && unescaped(groups["queue"]) === queue;
}

/** Where the rest of a text of ours follows its status, which has one digit. */
const REST_AT = BEFORE_ID.length + ID_BYTES + '","status":0'.length;

/**
 * Whether a text has the id and the names where ours have them, written as ours are. That is asked of each job, so it
 * looks at two places only: where what stands between them is not as in ours, the scripts decode the whole.
 */
function isOwnHead({ job: { id, taskName, queue }, wire }: StoredJob): boolean {
  return (
    id.length === ID_BYTES &&
    wire.startsWith(id, BEFORE_ID.length) &&
    wire.startsWith(namesOf(taskName, queue), REST_AT)
  );
}

/** Most tasks whose names are remembered as texts. */
const MAX_TASKS = 1000;

const namesByTask = new Map<string, { readonly queue: string; readonly names: string }>();

/** How texts of ours write the names of a task and a queue. */
function namesOf(taskName: string, queue: string): string {
  const known = namesByTask.get(taskName);
  if (known?.queue === queue) return known.names;
  const names = `,"task_name":${JSON.stringify(taskName)},"queue":${JSON.stringify(queue)}`;
  if (namesByTask.size === MAX_TASKS) namesByTask.clear();
  namesByTask.set(taskName, { queue, names });
  return names;
}

function unescaped(raw = ""): unknown {
  return JSON.parse(`"${raw}"`);
}
