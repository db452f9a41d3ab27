import { nextTick } from "node:process";

/** Calls back once all have gone on who wait for promises that are settled by now; before timers and sockets. */
export function afterPromises(callback: () => void): void {
  nextTick(callback);
}

/** As `afterPromises`, for those who await. */
export function promisesSettled(): Promise<void> {
  return new Promise(afterPromises);
}
