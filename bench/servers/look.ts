import type { ContenderEntry } from "../lib/contenders.ts";
import { PostgresProbe } from "./postgres-probe.ts";
import { RedisProbe } from "./redis-probe.ts";
import type { Addresses } from "./servers.ts";

/** The harness's view of the server of a contender, taken while nothing is measured. Connects when first asked. */
export class Look {
  readonly redis: RedisProbe;
  readonly postgres: PostgresProbe;
  readonly #store: ContenderEntry["store"];

  constructor({ redisPort, postgresUrl }: Addresses, store: ContenderEntry["store"]) {
    this.redis = new RedisProbe(redisPort);
    this.postgres = new PostgresProbe(postgresUrl);
    this.#store = store;
  }

  /** Empties the server. */
  async flush(): Promise<void> {
    await this.#probe?.flush();
  }

  /** CPU time that the server has used, in us; undefined if there is none. */
  async serverCpuUs(): Promise<number | undefined> {
    return this.#probe?.serverCpuUs();
  }

  /** Commands, or transactions of PostgreSQL, that the server has run. */
  async commands(): Promise<number> {
    return (await this.#probe?.commands()) ?? 0;
  }

  async close(): Promise<void> {
    await Promise.all([this.redis.close(), this.postgres.close()]);
  }

  get #probe(): RedisProbe | PostgresProbe | undefined {
    switch (this.#store) {
      case "redis":
        return this.redis;
      case "postgres":
        return this.postgres;
      case "file":
      case "process":
        return undefined;
    }
  }
}
