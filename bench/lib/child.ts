/** The process of one run. Its argument is an `Order`; it sends the figures to the harness. */
import { Probe } from "./probe.ts";
import type { Order } from "./run-order.ts";
import { loadScenario } from "./scenario.ts";

const order = JSON.parse(process.argv[2] ?? "") as Order;
const scenario = await loadScenario(order.scenario);
const probe = new Probe(order.port);
await probe.open();
await probe.flush();
const figures = await scenario.measure({ ...order, probe });
await probe.flush();
await probe[Symbol.asyncDispose]();
process.send?.(figures, () => process.exit());
