/**
 * Outlives the harness of a chaos run, in a session of its own, and ends what that leaves behind: a frozen
 * worker cannot notice that it is alone, and a server does not care. Standard input: `+pid` for a process
 * that was started, `-pid` for one that has ended, `keep` to leave the folder of the first argument there.
 */
import { rmSync } from "node:fs";
import { createInterface } from "node:readline";

const [, , folder = ""] = process.argv;
const pids = new Set<number>();
let keepsFolder = false;

createInterface({ input: process.stdin })
  .on("line", (line) => {
    if (line === "keep") keepsFolder = true;
    else if (line.startsWith("+")) pids.add(Number(line.slice(1)));
    else pids.delete(Number(line.slice(1)));
  })
  .once("close", () => {
    for (const pid of pids) kill(pid);
    if (!keepsFolder) rmSync(folder, { recursive: true, force: true });
  });

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}
