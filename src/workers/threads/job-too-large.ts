import { AbortError, QueueValueTooLargeError } from "../../core/errors.ts";
import { printable } from "../../core/printable.ts";

const REMEDY =
  "let the job carry the name of what it needs, such as a file or a key, and not the thing itself";

/** Why a job does not get to a thread, for its user. One that is too large is not tried again: no try makes it smaller. */
export function refusedByThreads(taskName: string, error: unknown): unknown {
  if (!(error instanceof QueueValueTooLargeError)) return error;
  const message = `a worker thread cannot be given ${describe(taskName, error)}: ${REMEDY}, or use workers without threads`;
  return new AbortError(message, { cause: error });
}

/** Why a call of a thread that schedules a job does not get out of it, for its user. */
export function refusedFromThread(taskName: string, error: unknown): unknown {
  if (!(error instanceof QueueValueTooLargeError)) return error;
  const message = `a worker thread cannot schedule ${describe(taskName, error)}: ${REMEDY}`;
  return new RangeError(message, { cause: error });
}

function describe(
  taskName: string,
  { byteLength, maxByteLength }: QueueValueTooLargeError,
): string {
  return `a job of task "${printable(taskName)}" of ${byteLength} bytes, its arguments included, at most ${maxByteLength}`;
}
