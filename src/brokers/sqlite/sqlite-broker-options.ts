import { resolve } from "node:path";

import { MAX_TIMER_MS } from "../../core/constants.ts";
import { checkInteger, checkName, checkOptions, describe } from "../../core/option-checks.ts";
import type { Synchronous } from "./database-file.ts";

/** Options of an SQLite broker. */
export interface SqliteBrokerOptions {
  /**
   * What survives. `NORMAL`: every commit survives the death of all processes; the last ones before a
   * power failure or a crash of the system may be lost, as if they had not been, and the file stays
   * whole. `FULL`: those survive too; each commit waits for the disk. @defaultValue "NORMAL"
   */
  readonly synchronous?: "NORMAL" | "FULL" | undefined;
  /**
   * How long this process may be silent before others take its jobs over, in ms, from 1,000. One that is
   * seen to be dead does not wait for it. @defaultValue 3_000
   */
  readonly lease?: number | undefined;
  /**
   * After so long a block of the event loop, in ms, from 100, what blocks it is logged: the tasks, and the
   * stack where it was then. The log comes when the loop turns again. @defaultValue 5_000
   */
  readonly blockedAfter?: number | undefined;
  /**
   * After so long a block, in ms, from 1,000, the lease is let go, so that others take the jobs over; one
   * line on stderr says so. @defaultValue 600_000
   */
  readonly stuckAfter?: number | undefined;
  /** Longest time that a call may wait for others to let go of the file, in ms, up to 10,000. @defaultValue 5_000 */
  readonly callTimeout?: number | undefined;
}

/**
 * In ms. Longer waits would reach the engine's own deadline of 30 s: it would repeat a call that still waits for its turn,
 * and the late one would settle the next run of a job.
 */
const LONGEST_CALL_TIMEOUT_MS = 10_000;

const DEFAULTS = Object.freeze({
  synchronous: "NORMAL",
  lease: 3000,
  blockedAfter: 5000,
  stuckAfter: 600_000,
  callTimeout: 5000,
} as const);

/** Options after the check: all there. */
export interface CheckedSqliteBrokerOptions {
  readonly synchronous: Synchronous;
  readonly lease: number;
  readonly blockedAfter: number;
  readonly stuckAfter: number;
  readonly callTimeout: number;
}

/** @throws TypeError or RangeError naming the option, its rule and the value */
export function checkSqliteBrokerOptions(options: SqliteBrokerOptions): CheckedSqliteBrokerOptions {
  checkOptions("SqliteBroker", options, Object.keys(DEFAULTS));
  const {
    synchronous = DEFAULTS.synchronous,
    lease = DEFAULTS.lease,
    blockedAfter = DEFAULTS.blockedAfter,
    stuckAfter = DEFAULTS.stuckAfter,
    callTimeout = DEFAULTS.callTimeout,
  } = options;
  return {
    synchronous: checkSynchronous(synchronous),
    lease: checkMs("lease", lease, 1000),
    blockedAfter: checkMs("blockedAfter", blockedAfter, 100),
    stuckAfter: checkMs("stuckAfter", stuckAfter, 1000),
    callTimeout: checkMs("callTimeout", callTimeout, 1, LONGEST_CALL_TIMEOUT_MS),
  };
}

/**
 * @returns the absolute path: the working directory may change later
 * @throws TypeError or RangeError if it cannot be the path of a file that processes share
 */
export function checkPath(path: unknown): string {
  const checked = checkName("SqliteBroker: path", path);
  if (checked === ":memory:" || checked.startsWith("file:")) {
    throw new RangeError(
      `SqliteBroker: path must be that of a file, got ${describe(checked)}: ` +
        `for jobs in memory use MemoryBroker, and write a file's path without "file:"`,
    );
  }
  refuseUrl(checked);
  return resolve(checked);
}

/** SQLite would make a file of that name. */
function refuseUrl(path: string): void {
  const scheme = /^(?:(?:rediss?|sqlite3?):(?:\/\/)?|[a-z][a-z\d+.\-]+:\/\/)/iv.exec(path)?.[0];
  if (scheme === undefined) return;
  const remedy = /^rediss?:/iv.test(scheme)
    ? "for Redis use RedisBroker of spinach/redis"
    : `leave "${scheme}" out, or write "./" before it if the file has that name`;
  throw new RangeError(
    `SqliteBroker: path must be that of a file, not a URL with "${scheme}": ${remedy}`,
  );
}

function checkSynchronous(value: unknown): Synchronous {
  if (value === "NORMAL" || value === "FULL") return value;
  const problem = `SqliteBroker: synchronous must be "NORMAL" or "FULL", got ${describe(value)}`;
  throw typeof value === "string" ? new RangeError(problem) : new TypeError(problem);
}

function checkMs(name: string, value: unknown, min: number, max: number = MAX_TIMER_MS): number {
  return checkInteger(`SqliteBroker: ${name}`, value, { min, max, unit: "ms" });
}
