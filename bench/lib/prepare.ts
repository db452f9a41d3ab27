import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/** Builds the package that is measured, so that no old build is. */
export function prepare(): void {
  if (!existsSync(join(ROOT, "node_modules"))) npm("ci", "--no-audit", "--no-fund");
  npm("run", "--silent", "build");
}

function npm(...args: readonly string[]): void {
  const { status } = spawnSync("npm", args, { cwd: ROOT, stdio: "inherit" });
  if (status !== 0) throw new Error(`npm ${args.join(" ")} failed in the root folder`);
}
