import { spawnSync, type SpawnSyncReturns } from "node:child_process";

/** Where a clone of Python Spinach 0.0.25 is: it is no package of npm. */
const CLONE = process.env["PYTHON_SPINACH"];

/** A Python that has the packages that Spinach needs. */
const PROGRAM = process.env["PYTHON"] ?? "python3";

export const NO_PYTHON =
  "it needs a clone of Python Spinach 0.0.25, its folder in the environment variable PYTHON_SPINACH, and a python3 (or " +
  "PYTHON) that has the packages redis and blinker";

let found: boolean | undefined;

export function hasPythonSpinach(): boolean {
  found ??= CLONE !== undefined && runPython("-c", "import spinach, redis, blinker").status === 0;
  return found;
}

/** Runs a program that may import Spinach. @throws Error if it fails */
export function pythonOutput(...args: readonly string[]): string {
  const { status, stdout, stderr } = runPython(...args);
  if (status !== 0) throw new Error(`${PROGRAM} ${args.join(" ")} failed:\n${stderr}`);
  return stdout;
}

function runPython(...args: readonly string[]): SpawnSyncReturns<string> {
  const env = { ...process.env, PYTHONPATH: CLONE ?? "" };
  return spawnSync(PROGRAM, args, { env, encoding: "utf8" });
}
