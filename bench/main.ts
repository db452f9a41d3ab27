/** Measures Spinach, BullMQ and the floor on one Redis: npm run bench -- [--quick] [--only <scenario>] */
import { parseArgs } from "node:util";

import { measureCase } from "./lib/measure-case.ts";
import { prepare } from "./lib/prepare.ts";
import { startRedis } from "./lib/redis-server.ts";
import { environment, writeResults } from "./lib/results.ts";
import { loadScenario, type Mode, SCENARIOS } from "./lib/scenario.ts";

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
for (const name of chosen) {
  const scenario = await loadScenario(name);
  const cases = [];
  for (const each of scenario.cases(mode)) cases.push(await measureCase(name, each, redis.port));
  writeResults(name, { mode, cases, environment: await environment(redis.port) });
}
console.log(`everything took ${Math.round((performance.now() - startedMs) / 1000)} s`);
