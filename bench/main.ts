/** Measures Spinach, BullMQ and the floor on one Redis: npm run bench -- [--quick] [--only <scenario>] */
import { parseArgs } from "node:util";

import { type CaseResult, measureCase } from "./lib/measure-case.ts";
import { prepare } from "./lib/prepare.ts";
import { startRedis } from "./lib/redis-server.ts";
import { environment, writeResults } from "./lib/results.ts";
import { loadScenario, type Mode, type ScenarioName, SCENARIOS } from "./lib/scenario.ts";

const { values } = parseArgs({
  options: { quick: { type: "boolean", default: false }, only: { type: "string" } },
});
const mode: Mode = values.quick ? "quick" : "full";
const chosen = SCENARIOS.filter((name) => values.only === undefined || name === values.only);
if (chosen.length === 0) {
  throw new RangeError(`--only must be one of ${SCENARIOS.join(", ")}, got "${values.only}"`);
}
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

prepare();
await using redis = await startRedis();
const startedMs = performance.now();
// Its workers do nothing, on servers of their own: where a minute must be enough, they wait beside the others.
const besides = chosen.filter((name) => mode === "quick" && name === "idle");
const besideOthers = besides.map(measureScenario);
for (const name of chosen) if (!besides.includes(name)) await measureScenario(name);
await Promise.all(besideOthers);
console.log(`everything took ${Math.round((performance.now() - startedMs) / 1000)} s`);

async function measureScenario(name: ScenarioName): Promise<void> {
  const scenario = await loadScenario(name);
  const cases: CaseResult[] = [];
  for (const each of scenario.cases(mode)) cases.push(await measureCase(name, each, redis.port));
  writeResults(name, { mode, cases, environment: await environment(redis.port) });
}
