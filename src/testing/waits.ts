import { systemClock, systemTimers } from "../platform/runtime.ts";

/** Far more than anything that a test waits for takes, even on a machine that is busy, in ms. */
const LIMIT_MS = 60_000;

const LOOK_EVERY_MS = 10;

/**
 * What a promise resolves to, if it does in time: a test that waits for something says what.
 *
 * @param what - what is waited for, in the error of a wait that was in vain
 * @param limitMs - how long, in ms; a minute unless given
 * @internal
 */
export function within<Result>(
  what: string,
  promise: PromiseLike<Result>,
  limitMs: number = LIMIT_MS,
): Promise<Result> {
  const { promise: vain, reject } = Promise.withResolvers<never>();
  // Made here: its stack shows the line of the test that waits.
  const error = new Error(`waited ${limitMs} ms in vain: ${what}`);
  const limit = systemTimers.set(() => reject(error), limitMs);
  const first = Promise.race([promise, vain]).finally(() => limit.cancel());
  // A test that has failed before it awaited this one says enough.
  first.catch(() => undefined);
  return first;
}

/**
 * Resolves to what `look` finds, once it finds something. One that rejects is asked again: a server may
 * be on its way.
 *
 * @param what - what is waited for, in the error of a wait that was in vain
 * @internal
 */
export async function until<Found>(
  what: string,
  look: () => Promise<Found | undefined | false> | Found | undefined | false,
): Promise<Found> {
  const giveUpAtMs = systemClock.monotonic() + LIMIT_MS;
  let last: unknown;
  for (;;) {
    const leftMs = giveUpAtMs - systemClock.monotonic();
    if (leftMs <= 0) break;
    try {
      const found = await within(what, Promise.resolve(look()), leftMs);
      if (found !== undefined && found !== false) return found;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await sleep(LOOK_EVERY_MS);
  }
  throw new Error(`waited ${LIMIT_MS} ms in vain: ${what}`, { cause: last });
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    systemTimers.set(resolve, ms);
  });
}
