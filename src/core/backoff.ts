/** A delay that doubles with each attempt, up to a cap. */
export interface Backoff {
  /** Delay before any doubling, in ms. */
  readonly baseMs: number;
  /** Longest delay, in ms. */
  readonly capMs: number;
}

/** Of a job that failed: 3 s doubled with each attempt, at most 20 min, as in the original. */
export const RETRY_BACKOFF: Backoff = Object.freeze({ baseMs: 3000, capMs: 1_200_000 });

/**
 * How long to wait after attempt number `attempt`, in ms: `baseMs * 2^attempt`, at most `capMs`, then
 * half of that plus as much again at random, so that failures do not come back together.
 *
 * @param attempt - attempts made so far, from 1
 * @param random - a number from 0 to below 1
 *
 * Source: spinach/utils.py exponential_backoff
 */
export function backoffMs({ baseMs, capMs }: Backoff, attempt: number, random: number): number {
  const half = Math.min(baseMs * 2 ** attempt, capMs) / 2;
  return Math.round(half + random * half);
}
