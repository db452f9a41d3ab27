import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** What a line is like, in each direction. */
export interface LineOptions {
  readonly bytesPerS: number;
  /** From one end to the other, in ms. */
  readonly latencyMs: number;
}

/** A thin and long line to a server, for all connections of a contender. */
export interface ThinLine extends AsyncDisposable {
  readonly port: number;
}

/** What its thread is given. */
export interface LineData extends LineOptions {
  readonly serverPort: number;
}

/** On a thread of its own: a contender that is busy must not narrow it. */
export async function startThinLine(serverPort: number, options: LineOptions): Promise<ThinLine> {
  const workerData: LineData = { serverPort, ...options };
  const thread = new Worker(new URL("thin-line-thread.ts", import.meta.url), { workerData });
  const [port]: unknown[] = await once(thread, "message");
  return {
    port: Number(port),
    [Symbol.asyncDispose]: async () => {
      await thread.terminate();
    },
  };
}
