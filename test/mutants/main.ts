/**
 * `npm run mutants`: plants each fault of `rows/` in a copy of the tree, and runs the test that must notice it.
 * `--only TEXT` tries those whose kind or file holds the text; `--verbose` shows what the tests wrote.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";

import { allMutants } from "./all-mutants.ts";
import type { Mutant } from "./mutant.ts";
import { tryMutant, type Verdict } from "./try-mutant.ts";

/** Tests with threads and servers: more of them disturb one another. */
const AT_A_TIME = Math.min(2, availableParallelism());

const { values } = parseArgs({
  options: { only: { type: "string", default: "" }, verbose: { type: "boolean", default: false } },
});

async function tryOne(mutant: Mutant): Promise<Verdict> {
  const startedMs = performance.now();
  const { verdict, output } = await tryMutant(mutant);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0).padStart(4);
  console.log(`${verdict.padEnd(21)} ${seconds} s  ${mutant.file}: ${mutant.kind}`);
  if (values.verbose || verdict === "does not even load") console.log(output);
  return verdict;
}

const mutants = (await allMutants()).filter(
  ({ kind, file }) => kind.includes(values.only) || file.includes(values.only),
);
const waiting = mutants.values();

const verdicts: Verdict[] = [];

async function tryAll(): Promise<void> {
  for (const mutant of waiting) verdicts.push(await tryOne(mutant));
}

await Promise.all(Array.from({ length: AT_A_TIME }, tryAll));
const found = verdicts.filter((verdict) => verdict === "found").length;
const skipped = verdicts.filter((verdict) => verdict === "test skipped here").length;
console.log(`${found} of ${mutants.length} found, ${skipped} not tried`);
process.exitCode = found > 0 && found + skipped === mutants.length ? 0 : 1;
