import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** A process, told from every other one, on this machine or another. */
export interface ProcessIdentity {
  /** The machine since its last boot, and the space that its process numbers are of. */
  readonly machine: string;
  readonly pid: number;
  /** When the process started, in the system's own terms; "" where the system does not tell. */
  readonly startedAt: string;
}

/** Position of the start time among the fields of `/proc/PID/stat` after the name: `man 5 proc`. */
const START_TIME_FIELD = 19;

/** Who this process is. */
export function thisProcess(): ProcessIdentity {
  return { machine: machineOf(), pid: process.pid, startedAt: startedAt(process.pid) };
}

/**
 * Whether a process is certainly dead: it was on this machine, and its number is nobody's or another's
 * now. Of processes elsewhere, in another container for example, nothing is known.
 */
export function isDead({ machine, pid, startedAt: itStarted }: ProcessIdentity): boolean {
  if (machine !== machineOf()) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
  const started = startedAt(pid);
  return itStarted !== "" && started !== "" && started !== itStarted;
}

function machineOf(): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return `host ${hostname()}`;
  }
}

/** A zombie counts as dead: it runs nothing any more. */
function startedAt(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name before may hold anything, parentheses too.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (state === "Z" || state === "X") return "ended";
    return fields[START_TIME_FIELD - 1] ?? "";
  } catch {
    return "";
  }
}
