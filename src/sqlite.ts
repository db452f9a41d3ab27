/**
 * The broker on an SQLite file, for the processes of one machine. Needs `node:sqlite`, which Node has
 * built in, and loads it when a broker starts.
 *
 * @module
 */
export type { SqliteBrokerOptions } from "./brokers/sqlite/sqlite-broker-options.ts";
export { SqliteBroker } from "./brokers/sqlite/sqlite-broker.ts";
