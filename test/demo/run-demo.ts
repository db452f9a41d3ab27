import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";

const ROOT = join(import.meta.dirname, "../..");

/** How a run of the demo ended. */
export interface DemoRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the demo as its own process, as `npm run demo` does. */
export function startDemo(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, ["--conditions=spinach-source", "demo/main.ts", ...args], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 60_000,
    killSignal: "SIGKILL",
  });
}

/** Waits for its end. */
export async function ended(child: ChildProcess): Promise<DemoRun> {
  if (child.stdout === null || child.stderr === null) throw new TypeError("not piped");
  const [stdout, stderr] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    child.exitCode ?? once(child, "close"),
  ]);
  return { code: child.exitCode, stdout, stderr };
}

export async function runDemo(...args: readonly string[]): Promise<DemoRun> {
  return ended(startDemo(args));
}
