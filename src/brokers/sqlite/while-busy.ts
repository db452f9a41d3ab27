import type { Runtime } from "../../platform/runtime.ts";
import { isBusy } from "./sqlite-errors.ts";

/** So often it is tried again at the next turn of the event loop: most transactions take less than 1 ms. */
const QUICK_ATTEMPTS = 10;

/** Later attempts come after a pause of random length, so that processes do not meet again and again. */
const LONGEST_PAUSE_MS = 20;

/** How long to try. */
export interface Patience {
  readonly runtime: Runtime;
  /** How long in all, in ms. */
  readonly timeoutMs: number;
  /** Ends the wait at once. */
  readonly ending?: AbortSignal | undefined;
}

/**
 * Tries again while others have the lock. The event loop turns between attempts: SQLite itself waits for no
 * longer than the connection's busy timeout. Rejects with what the last attempt threw, or with the reason of `ending`.
 */
export async function whileBusy<Result>(
  { runtime, timeoutMs, ending }: Patience,
  action: () => Result,
): Promise<Result> {
  // Most find nobody, and need no clock.
  let startedAtMs: number | undefined;
  for (let attempt = 1; ; attempt += 1) {
    ending?.throwIfAborted();
    try {
      return action();
    } catch (error) {
      if (!isBusy(error)) throw error;
      const nowMs = runtime.clock.monotonic();
      startedAtMs ??= nowMs;
      if (nowMs - startedAtMs >= timeoutMs) throw error;
      await pause(runtime, attempt, ending);
    }
  }
}

async function pause(
  { timers, random }: Runtime,
  attempt: number,
  ending: AbortSignal | undefined,
): Promise<void> {
  if (attempt <= QUICK_ATTEMPTS) {
    await timers.yield();
    return;
  }
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = timers.set(resolve, 1 + random() * (LONGEST_PAUSE_MS - 1));
  const end = (): void => {
    timer.cancel();
    resolve();
  };
  ending?.addEventListener("abort", end);
  await promise;
  ending?.removeEventListener("abort", end);
}
