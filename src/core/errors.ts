/**
 * The errors of Spinach. Each has a literal `code`, so that a program can tell them apart without
 * comparing classes across threads or package copies. Misuse of an option is not here: it is a
 * `TypeError` (wrong type) or a `RangeError` (right type, value not allowed).
 */

import { checkDate, checkOptions } from "./option-checks.ts";

/** Longest path that a message shows, in characters. */
const MAX_PATH = 200;

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

  constructor(taskName: string, knownNames: readonly string[] = []) {
    const known =
      knownNames.length === 0
        ? "no task is registered"
        : `known tasks: ${knownNames.slice(0, 10).join(", ")}${knownNames.length > 10 ? ", ..." : ""}`;
    super(
      `unknown task "${taskName}" (${known}): ` +
        `register it with engine.task(), or attach its registry with engine.attachTasks()`,
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

/** A text found where a job should be does not hold one. */
export class MalformedJobError extends SpinachError {
  static {
    this.prototype.name = "MalformedJobError";
  }
  readonly code = "MALFORMED_JOB";
  readonly wire: string;

  constructor(wire: string, problem: string, options?: ErrorOptions) {
    super(`not a job: ${problem}, in ${JSON.stringify(wire.slice(0, 200))}`, options);
    this.wire = wire;
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

/** The engine was closed; make a new one. */
export class EngineClosedError extends SpinachError {
  static {
    this.prototype.name = "EngineClosedError";
  }
  readonly code = "ENGINE_CLOSED";

  constructor() {
    super("this engine is closed: make a new Engine to go on");
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
