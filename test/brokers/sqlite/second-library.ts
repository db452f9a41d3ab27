import { execFileSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { createRequire } from "node:module";

/** A connection of libsql, which has a copy of SQLite of its own. */
export interface SecondConnection {
  exec(sql: string): void;
  close(): void;
}

/** Opens a file with another SQLite library than Node's; `undefined` where there is none for this machine. */
export function openElsewhere(path: string): SecondConnection | undefined {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-assignment -- a package that this machine may not have
    const Database: new (path: string) => SecondConnection = createRequire(import.meta.url)(
      "libsql",
    );
    return new Database(path);
  } catch {
    return undefined;
  }
}

/**
 * Takes SQLite's locks on a file away, as a second library in this process does when it closes it: the system holds
 * locks for a process, and lets go of all of them when any descriptor of the file is closed.
 */
export function loseLocks(path: string): void {
  for (const file of [path, `${path}-shm`]) closeSync(openSync(file, "r"));
}

/** The number of jobs that another process sees. It closes the file as the last one, if nobody seems to have it. */
export function jobsSeenElsewhere(path: string): number {
  const program = `
    const db = new (require("node:sqlite").DatabaseSync)(${JSON.stringify(path)});
    console.log(db.prepare("SELECT count(*) AS jobs FROM spinach_jobs").get().jobs);
    db.close();`;
  return Number(execFileSync(process.execPath, ["-e", program], { encoding: "utf8" }));
}
