/** The process of one run. Its argument is an `Order`; it sends the figures to the harness. */
import { mkdtempSync, rmSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Order } from "./run-order.ts";

// What is measured starts when the code is compiled; until then a run need not take longer than the one before.
enableCompileCache();
const { scenario: name, contender, servers, load } = JSON.parse(process.argv[2] ?? "") as Order;
const { Look } = await import("../servers/look.ts");
const { entryOf } = await import("./contenders.ts");
const { loadScenario } = await import("./scenario.ts");
const folder = mkdtempSync(join(tmpdir(), "spinach-bench-run-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
const scenario = await loadScenario(name);
const look = new Look(servers, entryOf(contender).store);
await look.flush();
const setup = { ...servers, folder, payload: "x".repeat(load["payload"] ?? 0) };
const figures = await scenario.measure({ contender, setup, look, load });
await look.flush();
await look.close();
process.send?.(figures, () => process.exit());
