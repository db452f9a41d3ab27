import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";

import type { Child } from "./child-process.ts";
import { type Fault, pause, SERVER } from "./fault.ts";
import { monotonicMs } from "./journal.ts";

/** How long a fault waits for others to let go of the file, in ms. */
const TIMEOUT_MS = 30_000;

/** Of that, at a time: SQLite blocks the whole harness meanwhile, which would take it for a stall of the machine. */
const TRY_MS = 20;
const TRY_EVERY_MS = 200;

/** What they work on. */
export interface SqliteFaultsParts {
  /** Of the file. */
  readonly path: string;
  readonly leaseMs: number;
  readonly starter: Child;
  /** Holds a snapshot open. */
  readonly reader: Child;
}

/** What happens to a file that others use too: backups, shells, applications. */
export function sqliteFaults(parts: SqliteFaultsParts): readonly Fault[] {
  const { path, leaseMs, starter, reader } = parts;
  const targets = [SERVER];
  const withFile = async (use: (file: DatabaseSync) => Promise<void> | void): Promise<boolean> =>
    useFile(path, use);
  return [
    {
      name: "file locked by another program",
      targets,
      strike: async (_, random) =>
        withFile(async (file) => {
          file.exec("BEGIN IMMEDIATE");
          await pause(random, 200, 1.2 * leaseMs);
          file.exec("ROLLBACK");
        }),
    },
    {
      name: "file locked at a start that is stopped",
      targets,
      strike: async (_, random) =>
        withFile(async (file) => {
          file.exec("BEGIN IMMEDIATE");
          const started = starter.runOnce();
          await pause(random, 1000, 3500);
          file.exec("ROLLBACK");
          await started;
        }),
    },
    {
      name: "log held open by another process",
      targets: [reader.name],
      isBorne: true,
      strike: async (_, random) => {
        await reader.start();
        await pause(random, leaseMs, 3 * leaseMs);
        await reader.kill();
        return true;
      },
    },
    {
      name: "file read by another program",
      targets,
      strike: async (_, random) =>
        withFile(async (file) => {
          // A long snapshot: nothing can be taken out of the write-ahead log meanwhile.
          file.exec("BEGIN; SELECT count(*) FROM spinach_jobs");
          await pause(random, 1000, 2 * leaseMs);
          file.exec("ROLLBACK");
        }),
    },
    {
      name: "write-ahead log truncated",
      targets,
      strike: async () => withFile((file) => file.exec("PRAGMA wal_checkpoint(TRUNCATE)")),
    },
    {
      name: "VACUUM",
      targets,
      strike: async () => withFile((file) => file.exec("VACUUM")),
    },
  ];
}

/** Resolves to whether it could: others may have it for too long. */
export async function useFile(
  path: string,
  use: (file: DatabaseSync) => Promise<void> | void,
): Promise<boolean> {
  const file = new DatabaseSync(path, { timeout: TRY_MS });
  const giveUpAtMs = monotonicMs() + TIMEOUT_MS;
  try {
    while (!(await usable(() => use(file)))) {
      if (monotonicMs() >= giveUpAtMs) return false;
      await sleep(TRY_EVERY_MS);
    }
    return true;
  } finally {
    file.close();
  }
}

/** Uses a file; resolves to false if others have it. */
async function usable(use: () => Promise<void> | void): Promise<boolean> {
  try {
    await use();
    return true;
  } catch (error) {
    if (error instanceof Error && error.message.includes("locked")) return false;
    throw error;
  }
}
