/**
 * Starts workers and closes the engine in the middle of that. Arguments: the file of the jobs, and after how many ms.
 * It has to end by itself.
 */
import { setTimeout as sleep } from "node:timers/promises";

import { AsyncWorkers, Engine } from "../../../src/index.ts";
import { SqliteBroker } from "../../../src/sqlite.ts";

const [, , path = "", afterMs = "0"] = process.argv;
const nothing = (): void => undefined;
const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const spin = new Engine(new SqliteBroker(path), { logger });
spin.task("plain", nothing);
const starting = Promise.allSettled([spin.startWorkers({ workers: new AsyncWorkers() })]);
await sleep(Number(afterMs));
await spin.close();
await starting;
