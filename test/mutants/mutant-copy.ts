import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { mustRun } from "../../scripts/run-command.ts";
import { type Mutant, plantedFile, ROOT } from "./mutant.ts";

/** A copy of the tree, for one mutant. */
export interface MutantCopy {
  readonly path: string;
  remove(): void;
}

/** Copies what git knows or would take, links `node_modules`, and plants the mutant. */
export async function mutantCopy(mutant: Mutant): Promise<MutantCopy> {
  const text = plantedFile(mutant);
  const path = mkdtempSync(join(tmpdir(), "spinach-mutant-"));
  const remove = (): void => {
    rmSync(path, { recursive: true, force: true });
  };
  try {
    for (const file of await files()) cpSync(join(ROOT, file), join(path, file));
    symlinkSync(join(ROOT, "node_modules"), join(path, "node_modules"));
    writeFileSync(join(path, mutant.file), text);
    if (mutant.file.endsWith(".lua")) await generateLua(path);
    return { path, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

async function files(): Promise<readonly string[]> {
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"];
  const { stdout } = await mustRun("git ls-files failed", "git", args, { cwd: ROOT });
  return stdout.split("\0").filter((file) => file !== "");
}

async function generateLua(cwd: string): Promise<void> {
  const failure = "the scripts of the mutant could not be generated";
  await mustRun(failure, process.execPath, ["scripts/generate-lua.ts"], { cwd });
}
