import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

import type { SqliteBrokerOptions } from "../../../src/brokers/sqlite/sqlite-broker-options.ts";
import { within } from "../../../src/testing/waits.ts";

/** A process of its own that works on a file: see programs/worker.ts. */
export interface WorkerProcess extends AsyncDisposable {
  /** What it printed. */
  readonly lines: readonly string[];
  /** Resolves when it has printed as many lines as that that match. */
  printed(expected: RegExp, count?: number): Promise<readonly string[]>;
  kill(signal: NodeJS.Signals): void;
  readonly exited: Promise<unknown>;
}

/** What its tasks do: come to an end, wait for ever, or block the event loop for so many ms as they are told. */
export type Behaviour = "end" | "hold" | "block";

/** Resolves when its workers have started. */
export async function startWorkerProcess(
  path: string,
  behaviour: Behaviour,
  options: SqliteBrokerOptions = {},
): Promise<WorkerProcess> {
  const program = join(import.meta.dirname, "programs/worker.ts");
  const args = [program, path, behaviour, JSON.stringify(options)];
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 60_000,
    killSignal: "SIGKILL",
  });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    for (const look of waiting) look();
  });
  const exited = once(child, "exit");
  const worker: WorkerProcess = {
    lines,
    exited,
    kill: (signal) => child.kill(signal),
    printed: async (expected, count = 1) => {
      const { promise, resolve } = Promise.withResolvers<readonly string[]>();
      const look = (): void => {
        const found = lines.filter((line) => expected.test(line));
        if (found.length >= count) resolve(found);
      };
      waiting.add(look);
      look();
      const found = await within(`${count} lines ${expected.source}`, promise);
      waiting.delete(look);
      return found;
    },
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
  await worker.printed(/^ready$/v);
  return worker;
}
