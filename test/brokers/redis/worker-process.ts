import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

import type { RedisBrokerOptions } from "../../../src/brokers/redis/redis-broker-options.ts";
import { within } from "../../../src/testing/waits.ts";

/** A process of its own that works on a namespace: see programs/worker.ts. */
export interface WorkerProcess {
  /** What it printed. */
  readonly lines: string[];
  /** What it wrote to stderr. */
  readonly complaints: string[];
  /** Resolves when the program has printed the line. */
  line(expected: string): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  readonly exited: Promise<unknown>;
}

/** How a worker process is started. */
export interface WorkerProcessOptions {
  readonly url: string;
  readonly namespace: string;
  /** What its task does: `hang`, `block` or `stick`. */
  readonly behaviour: string;
  /** Of its broker, whose lease is 2,000 ms otherwise. */
  readonly options?: RedisBrokerOptions;
}

/** Resolves when its workers have started. */
export async function startWorkerProcess({
  url,
  namespace,
  behaviour,
  options = {},
}: WorkerProcessOptions): Promise<WorkerProcess> {
  const program = join(import.meta.dirname, "programs/worker.ts");
  const child = spawn(
    process.execPath,
    [program, url, namespace, behaviour, JSON.stringify(options)],
    {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 60_000,
      killSignal: "SIGKILL",
    },
  );
  const lines: string[] = [];
  const waiting = new Map<string, () => void>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    waiting.get(line)?.();
  });
  const complaints: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => {
    complaints.push(line);
  });
  const worker: WorkerProcess = {
    lines,
    complaints,
    exited: once(child, "exit"),
    kill: (signal) => child.kill(signal),
    line: async (expected) => {
      if (lines.includes(expected)) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.set(expected, resolve);
      await within(`the line "${expected}" of a worker process`, promise);
    },
  };
  await worker.line("ready");
  return worker;
}
