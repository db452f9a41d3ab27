import type { ResourceLimits } from "node:worker_threads";

import { MAX_TIMER_MS } from "../../core/constants.ts";
import { checkInteger, checkOptions, describe } from "../../core/option-checks.ts";

/** Unless told otherwise, in ms: long enough to roll back a transaction. */
const DEFAULT_TIMEOUT_GRACE_MS = 5000;

/** Unless told otherwise, in ms: modules that take longer to load hang. */
const DEFAULT_READY_TIMEOUT_MS = 30_000;

/** Each takes some MiB and starts at once with the others: more is a mistake that would exhaust the machine. */
export const MAX_THREADS = 1024;

/** What `new Worker` of Node knows. */
const RESOURCE_LIMITS: readonly string[] = [
  "maxOldGenerationSizeMb",
  "maxYoungGenerationSizeMb",
  "codeRangeSizeMb",
  "stackSizeMb",
];

/** Options of all workers that have threads. */
export interface ThreadOptions {
  readonly readyTimeout?: number | undefined;
  readonly resourceLimits?: ResourceLimits | undefined;
}

/** In ms. @throws TypeError or RangeError */
export function checkTimeoutGrace(
  owner: string,
  { timeoutGrace = DEFAULT_TIMEOUT_GRACE_MS }: { readonly timeoutGrace?: number | undefined },
): number {
  const rule = { min: 0, max: MAX_TIMER_MS, unit: "ms" };
  return checkInteger(`${owner}: timeoutGrace`, timeoutGrace, rule);
}

/** @throws TypeError or RangeError */
export function checkThreadOptions(
  owner: string,
  { readyTimeout = DEFAULT_READY_TIMEOUT_MS, resourceLimits }: ThreadOptions,
): { readonly readyTimeoutMs: number; readonly resourceLimits: ResourceLimits | undefined } {
  const rule = { min: 1, max: MAX_TIMER_MS, unit: "ms" };
  const readyTimeoutMs = checkInteger(`${owner}: readyTimeout`, readyTimeout, rule);
  if (resourceLimits !== undefined) checkResourceLimits(owner, resourceLimits);
  return { readyTimeoutMs, resourceLimits };
}

function checkResourceLimits(owner: string, limits: ResourceLimits): void {
  checkOptions(`${owner}: resourceLimits`, limits, RESOURCE_LIMITS);
  for (const [name, value] of Object.entries(limits)) {
    if (value === undefined || (typeof value === "number" && value > 0)) continue;
    throw new RangeError(
      `${owner}: resourceLimits.${name} must be a number of MiB above 0, got ${describe(value)}`,
    );
  }
}
