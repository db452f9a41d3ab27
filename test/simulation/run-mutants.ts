import { SIMULATED_INVARIANTS } from "../../src/testing/simulation/simulate.ts";
import { importMutant } from "./mutant-loader.ts";
import { type Mutant, MUTANTS } from "./mutants.ts";

/**
 * Runs each mutant until its invariant finds it, and prints the table. Returns whether all were found, each
 * invariant by at least one.
 */
export async function runMutants(maxSeeds: number): Promise<boolean> {
  console.log(`${"mutant".padEnd(52)} ${"found by".padEnd(38)} seeds`);
  let isComplete = true;
  for (const mutant of MUTANTS) {
    const seeds = await seedsNeeded(mutant, maxSeeds);
    isComplete &&= seeds !== undefined;
    const result = seeds ?? `NOT FOUND in ${maxSeeds}`;
    console.log(`${mutant.name.padEnd(52)} ${mutant.breaks.padEnd(38)} ${result}`);
  }
  const proved = new Set(MUTANTS.map(({ breaks }) => breaks));
  for (const name of SIMULATED_INVARIANTS.filter((each) => !proved.has(each))) {
    isComplete = false;
    console.log(`NO MUTANT shows that "${name}" bites`);
  }
  return isComplete;
}

async function seedsNeeded(
  { name, breaks }: Mutant,
  maxSeeds: number,
): Promise<number | undefined> {
  const { simulate } = await importMutant(name);
  for (let seed = 0; seed < maxSeeds; seed += 1) {
    const { violation } = await simulate({ seed });
    if (violation?.invariant === breaks) return seed + 1;
  }
  return undefined;
}
