/** Measures Spinach and its peers: npm run bench -- [--quick] [--only <scenario>] [--case <id>]; then writes docs/benchmarks.md. */
import { parseArgs } from "node:util";

import { CONTENDER_NAMES, entryOf } from "./lib/contenders.ts";
import { contendersOf, measureCase } from "./lib/measure-case.ts";
import { prepare } from "./lib/prepare.ts";
import { environment, writeResult } from "./lib/results.ts";
import { loadScenario, type Mode, SCENARIOS } from "./lib/scenario.ts";
import { startServers } from "./servers/servers.ts";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    case: { type: "string" },
  },
});
const mode: Mode = values.quick ? "quick" : "full";
const chosen = SCENARIOS.filter((name) => values.only === undefined || name === values.only);
if (chosen.length === 0) {
  throw new RangeError(`--only must be one of ${SCENARIOS.join(", ")}, got "${values.only}"`);
}
// Each server and each process is ended when this one is.
process.setMaxListeners(0);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

/** A quick run shows that all works: there scenarios may disturb each other, each lane on servers of its own. */
const LANES = { full: 1, quick: 3 } as const;

prepare();
const startedMs = performance.now();
const left = [...chosen];
await Promise.all(Array.from({ length: LANES[mode] }, runLane));
console.log(`everything took ${Math.round((performance.now() - startedMs) / 1000)} s`);
if (mode === "full") await import("./report.ts");

async function runLane(): Promise<void> {
  await using servers = await startServers(CONTENDER_NAMES.map((name) => entryOf(name).store));
  for (let name = left.shift(); name !== undefined; name = left.shift()) {
    const scenario = await loadScenario(name);
    const cases = scenario.cases(mode);
    const contenders = [...new Set(cases.flatMap(contendersOf))];
    for (const each of cases.filter(({ id }) => values.case === undefined || id === values.case)) {
      const result = await measureCase(name, each, servers.addresses);
      const measuredOn = await environment(servers.addresses, contenders);
      writeResult(name, { mode, cases: [result], environment: measuredOn });
    }
  }
}
