import { DEFAULT_QUEUE } from "../core/constants.ts";
import {
  ANY_DURATION,
  checkBoolean,
  checkDuration,
  checkMethods,
  checkOptions,
  checkQueue,
  describe,
  hasMethods,
} from "../core/option-checks.ts";
import type { Workers } from "../workers/workers.ts";
import type { RunOptions } from "./running-workers.ts";

const OPTIONS = ["workers", "queue", "stopWhenQueueEmpty", "stopTimeout"] as const;
const WORKERS_METHODS = ["start", "submit", "stop"] as const;

const OF_WORKERS = "it is one of the workers, as in { workers: new AsyncWorkers({ number: 10 }) }";
const HINTS = Object.freeze({
  number: OF_WORKERS,
  threads: OF_WORKERS,
  timeoutGrace: OF_WORKERS,
  timeout: "a stop's is stopTimeout, and a job's is an option of its task",
});

/** Options after the check: all there but the time of a stop. */
export interface CheckedRunOptions {
  readonly workers: Workers;
  readonly queue: string;
  readonly stopWhenQueueEmpty: boolean;
  readonly stopTimeout: number | undefined;
}

/**
 * @param owner - `run` or `startWorkers`
 * @throws TypeError or RangeError naming the option, its rule and the value
 */
export function checkRunOptions(owner: string, options: RunOptions): CheckedRunOptions {
  const expected = `${owner}: expected options such as { workers: new AsyncWorkers() }`;
  checkMethods(expected, options, []);
  if (hasMethods(options, WORKERS_METHODS)) {
    throw new TypeError(`${expected}, got the workers themselves, ${describe(options)}`);
  }
  checkOptions(owner, options, OPTIONS, HINTS);
  const { workers, queue = DEFAULT_QUEUE, stopWhenQueueEmpty = false, stopTimeout } = options;
  checkMethods(
    `${owner}: option workers must be AsyncWorkers or ThreadWorkers, such as { workers: new AsyncWorkers() }`,
    workers,
    WORKERS_METHODS,
  );
  checkBoolean(`${owner}: stopWhenQueueEmpty`, stopWhenQueueEmpty);
  checkQueue(`${owner}: queue`, queue);
  if (stopTimeout !== undefined) checkDuration(`${owner}: stopTimeout`, stopTimeout, ANY_DURATION);
  return { workers, queue, stopWhenQueueEmpty, stopTimeout };
}
