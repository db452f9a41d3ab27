/** What only a process of its own shows: signals, its end, and what Node prints. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";

/** A program must end by itself long before; this only bounds a test that fails. */
const BOUND_MS = 20_000;

interface Ending {
  readonly lines: readonly string[];
  readonly stderr: string;
  readonly code: unknown;
}

/** Runs a program, sending a signal at each line that is in `signals`, and waits for its end. */
async function runProgram(
  file: string,
  args: readonly string[] = [],
  signals: Readonly<Record<string, NodeJS.Signals>> = {},
): Promise<Ending> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "programs", file), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: BOUND_MS,
    killSignal: "SIGKILL",
  });
  const lines: string[] = [];
  let stderr = "";
  child.stderr.on("data", (chunk) => {
    stderr += String(chunk);
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    const signal = signals[line];
    if (signal !== undefined) child.kill(signal);
  });
  await once(child, "close");
  return { lines, stderr, code: child.exitCode ?? child.signalCode };
}

describe("Engine run() in a process", () => {
  it("[G11] SIGTERM lets the running job end, then the process ends with 0", async () => {
    const ending = await runProgram("worker.ts", ["ends"], { running: "SIGTERM" });
    assert.deepEqual(ending, {
      lines: ["running", "told", "ended", "listeners: 0"],
      stderr: "",
      code: 0,
    });
  });

  it("[G11] a second signal aborts at once", async () => {
    const ending = await runProgram("worker.ts", ["obeys"], { running: "SIGTERM", told: "SIGINT" });
    assert.deepEqual(ending, {
      lines: [
        "running",
        "told",
        'aborted: WorkersStoppedError: the workers stopped before task "wait" had finished',
        "ended",
        "listeners: 0",
      ],
      stderr: "",
      code: 0,
    });
  });

  it("[G11] one signal aborts after stopTimeout", async () => {
    const ending = await runProgram("worker.ts", ["obeys", "50"], { running: "SIGTERM" });
    assert.equal(ending.code, 0);
    assert.match(ending.lines[2] ?? "", /^aborted: WorkersStoppedError/v);
  });

  it("[G15] a program that closes its engine ends by itself, and Node warns of nothing", async () => {
    const ending = await runProgram("short.ts");
    assert.deepEqual(ending, { lines: ["ran", "closed"], stderr: "", code: 0 });
  });
});
