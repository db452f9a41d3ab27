import { globSync } from "node:fs";
import { join } from "node:path";

import { main, nodeWarnings, run } from "./run-command.ts";

/** Runs every example against the sources; each must exit with 0, in time, without a Node warning. */

const ROOT = join(import.meta.dirname, "..");
const BOUND_MS = 60_000;
const AT_ONCE = 2;

/** What is wrong with an example, or undefined. */
async function fault(example: string): Promise<string | undefined> {
  const startedMs = performance.now();
  const args = ["--conditions=spinach-source", example];
  const { ok, output, stderr } = await run(process.execPath, args, {
    cwd: ROOT,
    timeoutMs: BOUND_MS,
  });
  console.log(
    `${ok ? "ok" : "FAILED"} ${example} (${Math.round(performance.now() - startedMs)} ms)`,
  );
  if (!ok)
    return `${example} failed. Run it: node --conditions=spinach-source ${example}\n${output}`;
  const [warning] = nodeWarnings(stderr);
  return warning && `${example} makes Node warn: ${warning}`;
}

async function runAll(examples: readonly string[]): Promise<readonly string[]> {
  const left = [...examples];
  const faults: string[] = [];
  const runner = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const found = await fault(next);
      if (found) faults.push(found);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, runner));
  return faults;
}

await main(async () => {
  const examples = globSync("examples/*.ts", { cwd: ROOT }).toSorted();
  if (examples.length === 0) throw new Error("No example found in examples/: add one.");
  const faults = await runAll(examples);
  if (faults.length > 0) throw new Error(faults.join("\n"));
});
