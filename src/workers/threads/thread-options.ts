import type { ResourceLimits } from "node:worker_threads";

import { MAX_TIMER_MS } from "../../core/constants.ts";
import { checkInteger, checkOptions, describe, type NumberRule } from "../../core/option-checks.ts";

/** Unless told otherwise, in ms: long enough to roll back a transaction. */
const DEFAULT_TIMEOUT_GRACE_MS = 5000;

/** Unless told otherwise, in ms: modules that take longer to load hang. */
const DEFAULT_READY_TIMEOUT_MS = 30_000;

/** Each takes some MiB and starts at once with the others: more is a mistake that would exhaust the machine. */
export const MAX_THREADS = 1024;

/**
 * What `new Worker` of Node knows, each in MiB. Outside these limits the process ends with a fatal error of V8, or the
 * thread is never heard of: seen on Node 24, not said by it.
 */
const RESOURCE_LIMITS: Readonly<Record<string, NumberRule>> = Object.freeze({
  maxOldGenerationSizeMb: { min: 8, max: 1_048_576 },
  maxYoungGenerationSizeMb: { min: 1, max: 1_048_576 },
  codeRangeSizeMb: { min: 1, max: 65_536 },
  stackSizeMb: { min: 0.5, max: 4096 },
});

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
  checkOptions(`${owner}: resourceLimits`, limits, Object.keys(RESOURCE_LIMITS));
  const given = new Map(Object.entries(limits));
  for (const [name, { min, max }] of Object.entries(RESOURCE_LIMITS)) {
    const value: unknown = given.get(name);
    if (value === undefined) continue;
    const problem = `${owner}: resourceLimits.${name} must be a number of MiB from ${min} to ${max}, got ${describe(value)}`;
    if (typeof value !== "number") throw new TypeError(problem);
    if (!(value >= min && value <= max)) throw new RangeError(problem);
  }
}
