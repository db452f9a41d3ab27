import type { Timers } from "./runtime.ts";

/** Waits until something has settled, either way, but no longer than a time, in ms. Never rejects. */
export async function atMost(
  timers: Timers,
  timeoutMs: number,
  settling: Promise<unknown>,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = timers.set(resolve, timeoutMs);
  await Promise.race([Promise.allSettled([settling]), promise]);
  timer.cancel();
}
