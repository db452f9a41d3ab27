import { spawn } from "node:child_process";

import { mutantCopy } from "./mutant-copy.ts";
import type { Mutant } from "./mutant.ts";

/** What a test made of a mutant. */
export type Verdict =
  | "found"
  | "NOT FOUND"
  | "found only by a hang"
  | "does not even load"
  | "test skipped here";

/** Longer than any wait of a test, which fails with a message of its own before. In ms. */
const TEST_LIMIT_MS = 100_000;

/** For the whole test file, in ms. */
const FILE_LIMIT_MS = 240_000;

/** Failures of a test that say nothing about what is wrong. */
const SILENT: ReadonlySet<string> = new Set([
  "testTimeoutFailure",
  "cancelledByParent",
  "subtestsFailed",
]);

/** Plants a mutant in a copy of the tree and runs its test there. */
export async function tryMutant(mutant: Mutant): Promise<{ verdict: Verdict; output: string }> {
  const copy = await mutantCopy(mutant);
  try {
    const ended = await runTest(mutant, copy.path);
    return { verdict: verdictOf(ended), output: ended.output };
  } finally {
    copy.remove();
  }
}

interface Ended {
  /** `null` if it had to be killed. */
  readonly code: number | null;
  readonly output: string;
}

/** With a process group of its own, so that its servers and children end with it. */
function runTest({ test, title }: Mutant, cwd: string): Promise<Ended> {
  const pattern = title?.replaceAll(/[^\w ]/gv, ".");
  const only = pattern === undefined ? [] : [`--test-name-pattern=${pattern}`];
  const options = [`--test-timeout=${TEST_LIMIT_MS}`, "--test-reporter=tap", ...only];
  const child = spawn(process.execPath, ["--conditions=spinach-source", ...options, test], {
    cwd,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const killAll = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // Nobody is left of it.
    }
  };
  const limit = setTimeout(killAll, FILE_LIMIT_MS);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
  }
  return new Promise((settle) => {
    child.once("exit", (code) => {
      clearTimeout(limit);
      killAll();
      settle({ code, output });
    });
  });
}

function verdictOf({ code, output }: Ended): Verdict {
  // A test that needs what this machine lacks can find nothing.
  if (code === 0) return /^# pass 0$/mv.test(output) ? "test skipped here" : "NOT FOUND";
  if (/SyntaxError|ERR_INVALID_TYPESCRIPT|Error compiling script/v.test(output)) {
    return "does not even load";
  }
  const failures = [...output.matchAll(/failureType: '(?<type>\w+)'/gv)];
  const speaks = failures.some(({ groups }) => !SILENT.has(groups?.["type"] ?? ""));
  return speaks ? "found" : "found only by a hang";
}
