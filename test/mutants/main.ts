/**
 * `npm run mutants`: plants each fault of `rows/` in a copy of the tree, and runs the test that must notice it.
 * `--only TEXT` tries those whose kind or file holds the text; `--verbose` shows what the tests wrote.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";

import { allMutants } from "./all-mutants.ts";
import type { Mutant } from "./mutant.ts";
import { tryMutant } from "./try-mutant.ts";

/** Tests with threads and servers: more of them disturb one another. */
const AT_A_TIME = Math.min(2, availableParallelism());

const { values } = parseArgs({
  options: { only: { type: "string", default: "" }, verbose: { type: "boolean", default: false } },
});

async function isFound(mutant: Mutant): Promise<boolean> {
  const startedMs = performance.now();
  const { verdict, output } = await tryMutant(mutant);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0).padStart(4);
  console.log(`${verdict.padEnd(21)} ${seconds} s  ${mutant.file}: ${mutant.kind}`);
  if (values.verbose || verdict === "does not even load") console.log(output);
  return verdict === "found";
}

const mutants = (await allMutants()).filter(
  ({ kind, file }) => kind.includes(values.only) || file.includes(values.only),
);
const waiting = mutants.values();

async function tryAll(): Promise<number> {
  let found = 0;
  for (const mutant of waiting) if (await isFound(mutant)) found += 1;
  return found;
}

const found = (await Promise.all(Array.from({ length: AT_A_TIME }, tryAll))).reduce(
  (a, b) => a + b,
);
console.log(`${found} of ${mutants.length} found`);
process.exitCode = mutants.length > 0 && found === mutants.length ? 0 : 1;
