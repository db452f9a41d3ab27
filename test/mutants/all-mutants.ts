import { globSync } from "node:fs";
import { join } from "node:path";

import type { Mutant } from "./mutant.ts";

/** The rows of all files in `rows/`. */
export async function allMutants(): Promise<readonly Mutant[]> {
  const folder = join(import.meta.dirname, "rows");
  const files = globSync("*.ts", { cwd: folder }).toSorted();
  const modules = await Promise.all(
    files.map((file) => import(join(folder, file)) as Promise<{ MUTANTS: readonly Mutant[] }>),
  );
  return modules.flatMap(({ MUTANTS }) => MUTANTS);
}
