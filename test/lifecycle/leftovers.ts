import { existsSync, readdirSync, readlinkSync } from "node:fs";
import process from "node:process";
import type { Worker } from "node:worker_threads";

/** What a stopped component may have left behind in this process. */
export interface Leftovers {
  /** What is there that was not there at the start, once it has had some turns of the event loop to go. */
  found(): Promise<readonly string[]>;
  /** Ends the watch. */
  [Symbol.dispose](): void;
}

/** Turns of the event loop for handles that are closed to be gone. */
const TURNS = 5;

/** Watches from now on. Timers and sockets of the test itself must be there before. */
export function watchLeftovers(): Leftovers {
  const before = inventory();
  const threads = new Map<Worker, string>();
  const onWorker = (worker: Worker): void => {
    threads.set(worker, `thread ${worker.threadId}`);
    worker.once("exit", () => threads.delete(worker));
  };
  process.on("worker", onWorker);
  return {
    found: async () => {
      for (let turn = 0; turn < TURNS; turn += 1) {
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
      }
      return [...without(inventory(), before), ...threads.values()];
    },
    [Symbol.dispose]: () => {
      process.off("worker", onWorker);
    },
  };
}

/** Timers, sockets, watchers and files that this process has open. */
function inventory(): readonly string[] {
  return [...process.getActiveResourcesInfo(), ...openFiles()];
}

/** Node itself reads it as a thread starts, in its own time. */
const NODES_OWN = process.env["NODE_EXTRA_CA_CERTS"];

/** Where the system tells. Descriptors of the system itself have names in brackets. */
function openFiles(): readonly string[] {
  const folder = "/proc/self/fd";
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((fd) => {
    try {
      const name = readlinkSync(`${folder}/${fd}`);
      const isOurs = name.startsWith("/") && !name.startsWith("/proc/") && name !== NODES_OWN;
      return isOurs ? [name] : [];
    } catch {
      // The one that the folder was read with.
      return [];
    }
  });
}

function without(all: readonly string[], taken: readonly string[]): string[] {
  const left = [...taken];
  return all.filter((name) => {
    const index = left.indexOf(name);
    if (index === -1) return true;
    left.splice(index, 1);
    return false;
  });
}
