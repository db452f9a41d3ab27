import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";

import { allMutants } from "./all-mutants.ts";
import { type Mutant, plantedFile, ROOT } from "./mutant.ts";

/** The texts in which the title of a test may stand: its file, and the suites that many of them run. */
function titlesOf(test: string): string {
  const suites = globSync("src/testing/conformance/**/*.ts", { cwd: ROOT });
  return [test, ...suites].map((file) => readFileSync(join(ROOT, file), "utf8")).join("\n");
}

/** What is wrong with its place, if anything is. */
function problemOf(mutant: Mutant): readonly string[] {
  if (mutant.from === mutant.to) return [`"${mutant.kind}" changes nothing`];
  try {
    plantedFile(mutant);
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

describe("MUTANTS", () => {
  it("stand each at exactly one place of the code", async () => {
    const problems = (await allMutants()).flatMap(problemOf);
    assert.deepEqual(problems, []);
  });

  it("name each a test that is there", async () => {
    for (const { kind, test, title = "" } of await allMutants()) {
      assert.ok(existsSync(join(ROOT, test)), `"${kind}": there is no ${test}`);
      assert.ok(
        titlesOf(test).includes(title),
        `"${kind}": no test of ${test} is called "${title}"`,
      );
    }
  });
});
