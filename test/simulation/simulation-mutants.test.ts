/** What the simulation finds: in a file of its own, so that it runs beside the simulation of what is right. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";

import { run } from "../../scripts/run-command.ts";
import { importMutant } from "./mutant-loader.ts";

const SEEDS = 4000;
const MAIN = join(import.meta.dirname, "main.ts");
const BOUND_MS = 300_000;

describe("simulate()", () => {
  it("finds every mutant, each by the promise that it breaks", async () => {
    const args = ["--conditions=spinach-source", MAIN, "--mutants", "--seeds", String(SEEDS)];
    const { ok, output } = await run(process.execPath, args, { timeoutMs: BOUND_MS });
    assert.ok(ok, output);
  });

  it("shrinks what fails to what is needed for it", async () => {
    const mutated = await importMutant("a rescue runs at-most-once jobs again");
    let seed = 0;
    while ((await mutated.simulate({ seed })).violation?.invariant !== "G1 at most once") seed += 1;
    const whole = await mutated.simulate({ seed });
    const small = await mutated.simulate({ seed, trace: true, shrink: true });
    assert.equal(small.violation?.invariant, "G1 at most once");
    const { steps } = small.scenario;
    assert.ok(steps.length <= 3, "a job, and a death");
    assert.ok(steps.length < whole.scenario.steps.length);
    assert.match(small.trace.at(-1) ?? "", /VIOLATION|closes/v);
  });
});
