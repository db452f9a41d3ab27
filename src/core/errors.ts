/**
 * The errors of Spinach. Each has a literal `code`, so that a program can tell them apart without
 * comparing classes across threads or package copies. Misuse of an option is not here: it is a
 * `TypeError` (wrong type) or a `RangeError` (right type, value not allowed).
 */

import { checkDate, checkOptions } from "./option-checks.ts";
import { printable } from "./printable.ts";

/** Longest path that a message shows, in characters. */
const MAX_PATH = 200;

/** How a text of ours starts. */
const OWN_ID = /^\{"id":"(?<id>[0-9a-f\-]{36})"/v;

/** What every error of Spinach is. `code` never changes between versions. */
export abstract class SpinachError extends Error {
  abstract readonly code: string;
}

/** A job or a call names a task that this process does not have. */
export class UnknownTaskError extends SpinachError {
  static {
    this.prototype.name = "UnknownTaskError";
  }
  readonly code = "UNKNOWN_TASK";
  readonly taskName: string;

  /** @param hint - what else may help, to end the message with */
  constructor(taskName: string, knownNames: readonly string[] = [], hint = "") {
    const known =
      knownNames.length === 0
        ? "no task is registered"
        : `known tasks: ${knownNames.slice(0, 10).join(", ")}${knownNames.length > 10 ? ", ..." : ""}`;
    super(
      `unknown task "${printable(taskName)}" (${known}): ` +
        `register it with engine.task(), or attach its registry with engine.attachTasks()${hint}`,
    );
    this.taskName = taskName;
  }
}

/** A call gives a task fewer arguments than its function needs. */
export class InvalidJobSignatureError extends SpinachError {
  static {
    this.prototype.name = "InvalidJobSignatureError";
  }
  readonly code = "INVALID_JOB_SIGNATURE";
  readonly taskName: string;
  readonly requiredArgs: number;
  readonly givenArgs: number;

  constructor(taskName: string, requiredArgs: number, givenArgs: number) {
    super(
      `task "${taskName}" needs at least ${requiredArgs} argument(s), got ${givenArgs}. ` +
        `If one of them is optional, give it a default ("b = 0"), or set the task's requiredArgs: ` +
        `TypeScript's "b?" leaves no trace at run time`,
    );
    this.taskName = taskName;
    this.requiredArgs = requiredArgs;
    this.givenArgs = givenArgs;
  }
}

/** An argument of a job is something that JSON cannot carry unchanged. */
export class InvalidJobArgumentsError extends SpinachError {
  static {
    this.prototype.name = "InvalidJobArgumentsError";
  }
  readonly code = "INVALID_JOB_ARGUMENTS";
  readonly taskName: string;
  /** Where the value stands, for example `args[1].when`. */
  readonly path: string;

  constructor(taskName: string, path: string, problem: string) {
    const shown = path.length > MAX_PATH ? `${path.slice(0, MAX_PATH)}...` : path;
    super(`task "${taskName}" cannot be called with ${shown}: ${problem}`);
    this.taskName = taskName;
    this.path = path;
  }
}

/** A text found where a job should be does not hold one. The message has no part of the text, which may be private. */
export class MalformedJobError extends SpinachError {
  static {
    this.prototype.name = "MalformedJobError";
  }
  readonly code = "MALFORMED_JOB";
  readonly #wire: string;

  constructor(wire: string, problem: string, options?: ErrorOptions) {
    const id = OWN_ID.exec(wire)?.groups?.["id"];
    const which = id === undefined ? "" : `of job ${id}, `;
    super(`not a job: ${problem} (${which}${wire.length} characters)`, options);
    this.#wire = wire;
  }

  /** The text. Not a member of the object: loggers write those. */
  get wire(): string {
    return this.#wire;
  }
}

/** A task ran longer than its `timeout`; the reason of the job's signal, and the job's error. */
export class JobTimeoutError extends SpinachError {
  static {
    this.prototype.name = "JobTimeoutError";
  }
  readonly code = "JOB_TIMEOUT";
  readonly timeoutMs: number;

  constructor(taskName: string, timeoutMs: number, options?: ErrorOptions) {
    super(`task "${taskName}" did not finish within its timeout of ${timeoutMs} ms`, options);
    this.timeoutMs = timeoutMs;
  }
}

/** The workers were stopped before a task had finished; the reason of the job's signal. */
export class WorkersStoppedError extends SpinachError {
  static {
    this.prototype.name = "WorkersStoppedError";
  }
  readonly code = "WORKERS_STOPPED";

  constructor(taskName: string, options?: ErrorOptions) {
    super(`the workers stopped before task "${taskName}" had finished`, options);
  }
}

/** The cluster gave this process up and took its jobs over; the reason of the job's signal. */
export class LeaseLostError extends SpinachError {
  static {
    this.prototype.name = "LeaseLostError";
  }
  readonly code = "LEASE_LOST";

  constructor(taskName: string, options?: ErrorOptions) {
    super(`this process lost its lease while task "${taskName}" ran: another one has it`, options);
  }
}

/** The broker could not do what was asked; `cause` is what it met. */
export class BrokerError extends SpinachError {
  static {
    this.prototype.name = "BrokerError";
  }
  readonly code = "BROKER";
}

/**
 * The broker failed during a batch: its first `scheduled` jobs are in. Of the chunk that failed, all or
 * none of the jobs are in, if the reply was lost.
 */
export class BatchInterruptedError extends SpinachError {
  static {
    this.prototype.name = "BatchInterruptedError";
  }
  readonly code = "BATCH_INTERRUPTED";
  /** How many jobs the broker has, counted from the front of the batch. */
  readonly scheduled: number;
  readonly total: number;

  constructor(scheduled: number, total: number, options?: ErrorOptions) {
    super(
      `${scheduled} of ${total} jobs of the batch were scheduled, then the broker failed`,
      options,
    );
    this.scheduled = scheduled;
    this.total = total;
  }
}

/** The engine was closed, by `close()` or at the end of `run()`; make a new one. */
export class EngineClosedError extends SpinachError {
  static {
    this.prototype.name = "EngineClosedError";
  }
  readonly code = "ENGINE_CLOSED";

  /** @param closedBy - what closed it, if that is not `close()` */
  constructor(closedBy?: "run") {
    super(
      closedBy === undefined
        ? "this engine is closed: make a new Engine to go on"
        : "this engine is closed, as run() closes it when its workers have ended: schedule before that, " +
            "or use startWorkers(), which leaves it open until close(); or make a new Engine to go on",
    );
  }
}

/**
 * Thrown by a task to be run again: at `at` if given, otherwise after the usual backoff.
 * The task's `maxRetries` still applies.
 *
 * @example
 * throw new RetryError("rate limited", { at: new Date(Date.now() + 60_000) });
 */
export class RetryError extends SpinachError {
  static {
    this.prototype.name = "RetryError";
  }
  readonly code = "RETRY";
  readonly at: Date | undefined;

  /** @throws TypeError or RangeError if `at` is not a valid Date */
  constructor(message: string, options: { at?: Date | undefined; cause?: unknown } = {}) {
    checkOptions("RetryError", options, ["at", "cause"]);
    const { at, cause } = options;
    super(message, cause === undefined ? undefined : { cause });
    this.at = at === undefined ? undefined : checkDate("RetryError: at", at);
  }
}

/** Thrown by a task that must never be tried again, whatever its `maxRetries`. */
export class AbortError extends SpinachError {
  static {
    this.prototype.name = "AbortError";
  }
  readonly code = "ABORT";
}

/** A queue was closed: nothing can be put any more, or all that was put has been taken. */
export class QueueClosedError extends SpinachError {
  static {
    this.prototype.name = "QueueClosedError";
  }
  readonly code = "QUEUE_CLOSED";
  readonly operation: "put" | "get";

  constructor(operation: "put" | "get") {
    super(
      operation === "put"
        ? "this queue is closed: nothing can be put in it any more"
        : "this queue is closed, and everything that was put in it has been taken",
    );
    this.operation = operation;
  }
}

/** A queue had no item, or no free slot, within the time that the caller gave. */
export class QueueTimeoutError extends SpinachError {
  static {
    this.prototype.name = "QueueTimeoutError";
  }
  readonly code = "QUEUE_TIMEOUT";
  readonly operation: "put" | "get";
  readonly timeoutMs: number;

  constructor(operation: "put" | "get", timeoutMs: number) {
    const lack = operation === "put" ? "no room for the value" : "no item";
    super(`this queue had ${lack} within the timeout of ${timeoutMs} ms`);
    this.operation = operation;
    this.timeoutMs = timeoutMs;
  }
}

/** A value given to a queue is something that JSON cannot carry unchanged, nor is it a Uint8Array. */
export class InvalidQueueValueError extends SpinachError {
  static {
    this.prototype.name = "InvalidQueueValueError";
  }
  readonly code = "INVALID_QUEUE_VALUE";
  /** Where it stands in the value, for example `value[1].when`. */
  readonly path: string;

  constructor(path: string, problem: string) {
    const shown = path.length > MAX_PATH ? `${path.slice(0, MAX_PATH)}...` : path;
    super(`a queue takes JSON values and Uint8Array; ${shown} is ${problem}`);
    this.path = path;
  }
}

/** A value is larger than all the memory that a queue may use for values larger than a slot. */
export class QueueValueTooLargeError extends SpinachError {
  static {
    this.prototype.name = "QueueValueTooLargeError";
  }
  readonly code = "QUEUE_VALUE_TOO_LARGE";
  /** Size of the value, in bytes; of JSON, as UTF-8. */
  readonly byteLength: number;
  /** Largest value that this queue can hold, in bytes. */
  readonly maxByteLength: number;

  constructor(byteLength: number, maxByteLength: number) {
    super(
      `a value of ${byteLength} bytes never fits in this queue, which holds at most ${maxByteLength}: ` +
        `raise maxBytes of the Queuey`,
    );
    this.byteLength = byteLength;
    this.maxByteLength = maxByteLength;
  }
}

/** `taskDone` was called for an item that the caller has not taken, or more often than it took any. */
export class ItemNotTakenError extends SpinachError {
  static {
    this.prototype.name = "ItemNotTakenError";
  }
  readonly code = "ITEM_NOT_TAKEN";
  readonly ticket: number | undefined;

  constructor(ticket: number | undefined) {
    super(
      ticket === undefined
        ? "taskDone() was called more often than items were taken here"
        : `taskDone(${ticket}): no item with this ticket is taken here; was it done before, or taken elsewhere?`,
    );
    this.ticket = ticket;
  }
}

/** This thread must not be blocked: the host forbids `Atomics.wait` here. */
export class BlockingNotAllowedError extends SpinachError {
  static {
    this.prototype.name = "BlockingNotAllowedError";
  }
  readonly code = "BLOCKING_NOT_ALLOWED";
  readonly operation: "put" | "get";

  constructor(operation: "put" | "get", options?: ErrorOptions) {
    super(
      `${operation}Sync would block this thread, which its host does not allow (Atomics.wait): ` +
        `use ${operation}Async here, or ${operation}Sync in a worker thread`,
      options,
    );
    this.operation = operation;
  }
}
