import type { ContenderEntry } from "../lib/contenders.ts";
import { findPostgres, startPostgres } from "./postgres-server.ts";
import { startRedis } from "./redis-server.ts";

/** Where the servers of a run are; 0 or empty for those that are not needed. */
export interface Addresses {
  readonly redisPort: number;
  readonly postgresUrl: string;
}

/** Servers of the benchmark's own. */
export interface Servers extends AsyncDisposable {
  readonly addresses: Addresses;
}

type Store = ContenderEntry["store"];

/** Starts those that the stores need and that are installed. */
export async function startServers(stores: readonly Store[]): Promise<Servers> {
  await using started = new AsyncDisposableStack();
  const redis = stores.includes("redis") ? started.use(await startRedis()) : undefined;
  const program = stores.includes("postgres") ? findPostgres() : undefined;
  const postgres = program === undefined ? undefined : started.use(await startPostgres(program));
  const all = started.move();
  return {
    addresses: { redisPort: redis?.port ?? 0, postgresUrl: postgres?.url ?? "" },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
