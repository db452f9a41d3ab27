import { setTimeout as sleep } from "node:timers/promises";

/** Far more than anything here takes, even on a machine that is busy with other tests. */
const LIMIT_MS = 60_000;

const LOOK_EVERY_MS = 20;

/**
 * Resolves to what `look` finds, once it finds something. One that rejects is asked again: a server may
 * be on its way.
 *
 * @param what - what is waited for, in the error of a wait that was in vain
 */
export async function until<Found>(
  what: string,
  look: () => Promise<Found | undefined | false> | Found | undefined | false,
): Promise<Found> {
  const giveUpAtMs = performance.now() + LIMIT_MS;
  let last: unknown;
  while (performance.now() < giveUpAtMs) {
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await sleep(LOOK_EVERY_MS);
  }
  throw new Error(`waited in vain: ${what}`, { cause: last });
}
