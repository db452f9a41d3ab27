import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";

import { type Fault, pause, SERVER } from "./fault.ts";
import { monotonicMs } from "./journal.ts";

/** How long a fault waits for others to let go of the file, in ms. */
const TIMEOUT_MS = 30_000;

/** Of that, at a time: SQLite blocks the whole harness meanwhile, which would take it for a stall of the machine. */
const TRY_MS = 20;
const TRY_EVERY_MS = 200;

/** What happens to a file that others use too: backups, shells, applications. */
export function sqliteFaults(path: string, leaseMs: number): readonly Fault[] {
  const withFile = async (use: (file: DatabaseSync) => Promise<void> | void): Promise<boolean> => {
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
  };
  const targets = [SERVER];
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
