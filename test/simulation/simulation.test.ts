import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { runScenario } from "../../src/testing/simulation/run-scenario.ts";
import type { Scenario } from "../../src/testing/simulation/scenario.ts";
import { simulate } from "../../src/testing/simulation/simulate.ts";

const SEEDS = 4000;

/** A process that stands idle on its queue, and what happens to it. */
function loneProcess(seed: number, steps: Scenario["steps"]): Scenario {
  return {
    seed,
    hasBeat: false,
    processes: [
      {
        skewMs: 0,
        release: 1,
        workers: ["spinach", "other"].map((queue) => ({
          queue,
          number: 4,
          stopWhenQueueEmpty: false,
        })),
      },
    ],
    steps,
  };
}

function schedules(
  key: string,
  atMs: number,
  task: "once" | "other" = "once",
): Scenario["steps"][number] {
  const runs = [{ how: "return", ms: 0 }] as const;
  return { what: "schedule", jobs: [{ key, task, inMs: undefined, runs }], atMs, process: 0 };
}

/** It schedules a job around the time at which it looks once more for those of a lost reply. */
function aroundTheSecondLook(index: number): Scenario {
  return loneProcess(Math.floor(index / 30), [
    { what: "fate", call: "exchange", fate: "after", atMs: 900, process: 0 },
    schedules("j1", 1000),
    schedules("j2", 61_000 + 4 * (index % 30)),
  ]);
}

/** The cluster gives it up while a job is on its way there and back. */
function givenUpMeanwhile(index: number): Scenario {
  return loneProcess(Math.floor(index / 30), [
    // Seconds: it hears of its loss before, when it fetches the job of another queue.
    { what: "fate", call: "enqueue", fate: "slow", atMs: 900, process: 0 },
    schedules("j1", 1000),
    { what: "condemn", atMs: 1010 + 100 * (index % 30), process: 0 },
    schedules("j2", 1050 + 100 * (index % 30), "other"),
  ]);
}

describe("simulate()", () => {
  it(`[G1] to [G15] hold in ${SEEDS} simulated clusters`, async () => {
    for (let seed = 0; seed < SEEDS; seed += 1) {
      const { violation } = await simulate({ seed });
      const replay = `npm run simulate -- --from ${seed} --seeds 1`;
      assert.equal(violation, undefined, `seed ${seed}; the shortest trace: ${replay}`);
    }
  });

  it("[G1] what a process takes as it schedules it starts once, whenever lost jobs are looked for", async () => {
    for (let index = 0; index < 600; index += 1) {
      const scenario = aroundTheSecondLook(index);
      const { violation } = await runScenario(scenario);
      assert.equal(violation, undefined, JSON.stringify(scenario));
    }
  });

  it("[G8] what a process takes as it schedules it is not its own any more if it lost its lease meanwhile", async () => {
    for (let index = 0; index < 600; index += 1) {
      const scenario = givenUpMeanwhile(index);
      const { violation } = await runScenario(scenario);
      assert.equal(violation, undefined, JSON.stringify(scenario));
    }
  });

  it("does the same for the same seed, to the last line", async () => {
    for (const seed of [3, 11, 42, 97]) {
      const one = await simulate({ seed, trace: true });
      const other = await simulate({ seed, trace: true });
      assert.ok(one.trace.length > 20);
      assert.deepEqual(other, one);
    }
  });

  it("refuses what is no seed", async () => {
    await assert.rejects(simulate({ seed: -1 }), RangeError);
    await assert.rejects(simulate({ seed: 0.5 }), RangeError);
  });
});
