import type { JobRequest } from "./batch.ts";
import { InvalidJobSignatureError } from "./errors.ts";
import { encodeJob } from "./job-codec.ts";
import { JobStatus } from "./job-status.ts";
import type { Job, StoredJob } from "./job.ts";
import { carryArguments, type CarriedArguments, type JobArguments } from "./json-arguments.ts";
import { checkDate, checkDelay } from "./option-checks.ts";
import { isRunnable, type TaskDefinition } from "./task.ts";

/** What comes from outside for a new job. */
export interface NewJobContext {
  /** UUID. */
  readonly id: string;
  /** Epoch time in ms. */
  readonly nowMs: number;
  /** How many jobs of this process came before it in that ms, up to {@link LAST_IN_MS}. @defaultValue 0 */
  readonly order?: number;
}

/** Highest number that tells the order of the jobs of one ms: there are so many microseconds. */
export const LAST_IN_MS = 999;

/**
 * Makes the job that a call asks for, with every check that a call can fail.
 *
 * @throws InvalidJobSignatureError, InvalidJobArgumentsError
 * @throws TypeError or RangeError for an invalid date or delay
 */
export function newJob(
  definition: TaskDefinition,
  request: JobRequest,
  { id, nowMs, order = 0 }: NewJobContext,
): StoredJob {
  const { task } = request;
  const options = typeof task === "string" ? {} : task.jobOptions;
  const delayMs = request.delayMs === undefined ? 0 : checkDelay("ms", request.delayMs);
  const at = request.at === undefined ? nowMs + delayMs : checkDate("at", request.at).getTime();
  // Who has the function knows its task's timeout; who only names the task can tell it by the job alone.
  const timeoutMs = options.timeout ?? (isRunnable(definition) ? undefined : definition.timeoutMs);
  const { args, kwargs, hasNegativeZero } = checkedArguments(definition, request.args);
  const job: Job = {
    id,
    status: at > nowMs ? JobStatus.WAITING : JobStatus.QUEUED,
    taskName: definition.name,
    queue: options.queue ?? definition.queue,
    at: new Date(at),
    maxRetries: options.maxRetries ?? definition.maxRetries,
    retries: 0,
    args,
    kwargs,
    ...(timeoutMs !== undefined && { timeoutMs }),
  };
  const wire = encodeJob(job, hasNegativeZero, order);
  return delayMs === 0 ? { job, wire } : { job, wire, delayMs };
}

/** Checks the arguments of a call against the function, and against JSON. */
function checkedArguments(
  { name, requiredArgs, fn }: TaskDefinition,
  callArgs: readonly unknown[],
): CarriedArguments {
  if (fn !== undefined && callArgs.length < requiredArgs) {
    throw new InvalidJobSignatureError(name, requiredArgs, callArgs.length);
  }
  return carryArguments(name, callArgs);
}

/** What the function of a TypeScript task is called with. */
export function functionArguments(
  { args, kwargs }: JobArguments,
  { requiredArgs }: Pick<TaskDefinition, "requiredArgs">,
): readonly unknown[] {
  // An empty `kwargs({})` leaves no trace in a job: a function that needs it gets it all the same.
  return hasMembers(kwargs) || args.length === requiredArgs - 1 ? [...args, kwargs] : args;
}

function hasMembers(record: object): boolean {
  // The cheapest "not empty" there is, once per job.
  for (const _ in record) return true;
  return false;
}

/** The job that a periodic task's next run is: no arguments, ready at once. */
export function newPeriodicJob(
  { name, queue, maxRetries }: Pick<TaskDefinition, "name" | "queue" | "maxRetries">,
  { id, nowMs }: NewJobContext,
): StoredJob {
  const job: Job = {
    id,
    status: JobStatus.QUEUED,
    taskName: name,
    queue,
    at: new Date(nowMs),
    maxRetries,
    retries: 0,
    args: [],
    kwargs: {},
  };
  return { job, wire: encodeJob(job) };
}
