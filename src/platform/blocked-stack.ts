import { Session } from "node:inspector/promises";

import type { Timers } from "./runtime.ts";

/** Frames that are told: enough to find the place. */
const MAX_FRAMES = 10;

/**
 * Where the main thread is right now, while it blocks its event loop: a stack as `Error.stack` has it,
 * without the first line. To be called in another thread. The main thread is paused for a moment, by the
 * inspector that Node has built in.
 * @param timeoutMs - how long the main thread may stay in native code, where it cannot be paused
 * @returns undefined if it cannot be told, for example because a debugger holds the main thread
 */
export async function mainThreadStack(
  timers: Timers,
  timeoutMs: number,
): Promise<string | undefined> {
  const session = new Session();
  const urls = new Map<string, string>();
  const paused = Promise.withResolvers<string | undefined>();
  const timer = timers.set(() => {
    paused.resolve(undefined);
  }, timeoutMs);
  let isAsked = false;
  session.on("Debugger.scriptParsed", ({ params }) => urls.set(params.scriptId, params.url));
  session.on("Debugger.paused", ({ params }) => {
    // Not by us: somebody debugs the program.
    if (!isAsked) paused.resolve(undefined);
    const frames = params.callFrames.slice(0, MAX_FRAMES).map(({ functionName, location }) => {
      const { scriptId, lineNumber, columnNumber = 0 } = location;
      const place = `${urls.get(scriptId) ?? "?"}:${lineNumber + 1}:${columnNumber + 1}`;
      return functionName === "" ? `    at ${place}` : `    at ${functionName} (${place})`;
    });
    paused.resolve(frames.join("\n"));
  });
  try {
    session.connectToMainThread();
    await Promise.race([session.post("Debugger.enable"), paused.promise]);
    isAsked = true;
    await Promise.race([session.post("Debugger.pause"), paused.promise]);
    return await paused.promise;
  } catch {
    return undefined;
  } finally {
    timer.cancel();
    // The main thread goes on when nobody listens to it any more.
    session.disconnect();
  }
}
