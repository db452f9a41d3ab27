/**
 * `npm run simulate -- --seeds 10000`: runs seeds until one breaks a promise. `--from N` starts elsewhere;
 * `--seed N` replays one, with all that happens; `--mutants` proves that the simulation finds faults.
 */
import { parseArgs } from "node:util";

import { simulate, type SimulationReport } from "../../src/testing/simulation/simulate.ts";
import { runMutants } from "./run-mutants.ts";

const SHOWN_EVERY = 1000;

function show({ seed, violation, trace, scenario }: SimulationReport): void {
  console.log(trace.join("\n"));
  console.log(`scenario: ${JSON.stringify(scenario)}`);
  if (violation === undefined) console.log(`seed ${seed}: every promise was kept`);
  else console.log(`seed ${seed} breaks "${violation.invariant}": ${violation.message}`);
}

async function replay(seed: number): Promise<boolean> {
  const report = await simulate({ seed, trace: true });
  show(report);
  return report.violation === undefined;
}

async function runSeeds(from: number, count: number): Promise<boolean> {
  const startedMs = performance.now();
  let events = 0;
  const speed = (done: number): string => {
    const seconds = (performance.now() - startedMs) / 1000;
    return `${done} seeds, ${Math.round(done / seconds)} seeds/s, ${Math.round(events / done)} events a seed`;
  };
  for (let done = 0; done < count; done += 1) {
    const seed = from + done;
    const report = await simulate({ seed });
    events += report.events;
    if (report.violation !== undefined) {
      console.log(
        `${speed(done + 1)}\nseed ${seed} breaks "${report.violation.invariant}". Shrinking ...`,
      );
      show(await simulate({ seed, trace: true, shrink: true }));
      console.log(`\nThe whole run: npm run simulate -- --seed ${seed}`);
      return false;
    }
    if ((done + 1) % SHOWN_EVERY === 0) console.log(speed(done + 1));
  }
  console.log(`ok   ${speed(count)}`);
  return true;
}

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "2000" },
    from: { type: "string", default: "0" },
    seed: { type: "string" },
    mutants: { type: "boolean", default: false },
  },
});

async function main(): Promise<boolean> {
  if (values.mutants) return runMutants(Number(values.seeds));
  if (values.seed !== undefined) return replay(Number(values.seed));
  return runSeeds(Number(values.from), Number(values.seeds));
}

process.exitCode = (await main()) ? 0 : 1;
