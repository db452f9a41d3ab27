import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Knows all processes of a run, and ends them should the harness die: see programs/guard.ts. */
export interface Guard {
  /** A temporary folder of the run. */
  readonly folder: string;
  started(pid: number): void;
  ended(pid: number): void;
  /** Lets go of the guard, and of the folder unless it is to be kept. */
  close(keepsFolder: boolean): Promise<void>;
}

export function startGuard(): Guard {
  const folder = mkdtempSync(join(tmpdir(), "spinach-chaos-"));
  const program = join(import.meta.dirname, "programs/guard.ts");
  // Detached: a ^C that ends the harness must not end its guard.
  const guard = spawn(process.execPath, [program, folder], {
    stdio: ["pipe", "ignore", "inherit"],
    detached: true,
  });
  const tell = (line: string): void => {
    guard.stdin.write(`${line}\n`);
  };
  return {
    folder,
    started: (pid) => tell(`+${pid}`),
    ended: (pid) => tell(`-${pid}`),
    close: async (keepsFolder) => {
      if (keepsFolder) tell("keep");
      guard.stdin.end();
      await once(guard, "exit");
    },
  };
}
