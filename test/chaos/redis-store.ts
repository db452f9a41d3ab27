import { until } from "../../src/testing/waits.ts";
import { type ChaosProxy, startChaosProxy } from "./chaos-proxy.ts";
import type { Fault } from "./fault.ts";
import type { Guard } from "./guard.ts";
import { junkFault } from "./junk-faults.ts";
import { networkFaults } from "./network-faults.ts";
import type { StoreAddress } from "./programs/child.ts";
import { redisFaults } from "./redis-faults.ts";
import { type RedisJunk, redisJunk } from "./redis-junk.ts";
import { RedisServers, USER } from "./redis-servers.ts";
import { giveAllRights, rightsFaults } from "./rights-faults.ts";
import type { ChaosStore, FaultsContext } from "./store.ts";

const NAMESPACE = "chaos";
const JUNK = redisJunk(NAMESPACE);

/** Jobs in all places where they can be, in one look. */
const COUNT_JOBS = `
local count = redis.call('LLEN', '${NAMESPACE}/spinach') + redis.call('LLEN', '${NAMESPACE}/own')
count = count + redis.call('ZCARD', '${NAMESPACE}/_future-jobs')
count = count + redis.call('ZCARD', '${NAMESPACE}/_parked-jobs')
for _, key in ipairs(redis.call('KEYS', '${NAMESPACE}/_running-jobs-on-broker-*')) do
  count = count + redis.call('HLEN', key)
end
return count`;

/** What stays: the limits, when tasks were last stated, and for a day the numbers of producers' calls. */
const STAYS =
  /\/(_max_concurrency|_own_limits|_own_periodic_tasks|_stated_tasks|_definitions|_data-id|_producer-.*)$/v;

export interface RedisStoreOptions {
  readonly guard: Guard;
  readonly leaseMs: number;
  /** Longest latency of the network, in ms. */
  readonly latencyMs: number;
}

/** Redis with an append-only file and a replica, and a proxy before it for each process. */
export class RedisStore implements ChaosStore {
  readonly #options: RedisStoreOptions;
  readonly #servers: RedisServers;
  readonly #planted = new Set<RedisJunk>();
  readonly #proxies = new Map<string, ChaosProxy>();

  private constructor(options: RedisStoreOptions, servers: RedisServers) {
    this.#options = options;
    this.#servers = servers;
  }

  static async start(options: RedisStoreOptions): Promise<RedisStore> {
    return new RedisStore(options, await RedisServers.start(options.guard));
  }

  async addressFor(process: string): Promise<StoreAddress> {
    const proxy = await startChaosProxy(this.#servers.port);
    this.#proxies.set(process, proxy);
    const { leaseMs } = this.#options;
    return {
      store: "redis",
      at: `redis://${USER.name}:${USER.password}@127.0.0.1:${proxy.port}`,
      namespace: NAMESPACE,
      leaseMs,
    };
  }

  faults({ log }: Pick<FaultsContext, "log">): readonly Fault[] {
    const { leaseMs, latencyMs } = this.#options;
    const onHandOver = (): void => {
      // Connections that are there stay with the old primary, which refuses writes from now on.
      for (const proxy of this.#proxies.values()) proxy.lead(this.#servers.port);
    };
    return [
      ...redisFaults(this.#servers, { leaseMs, onHandOver }),
      junkFault({
        pieces: JUNK,
        plant: async (piece) => {
          this.#planted.add(piece);
          for (const command of piece.plant) await this.#callUnlessJunk(command);
        },
        nameOf: ({ key, what }) => `${key}: ${what}`,
        log,
      }),
      ...rightsFaults(this.#servers, { namespace: NAMESPACE, leaseMs }),
      ...networkFaults(this.#proxies, { leaseMs, latencyMs }),
    ];
  }

  async heal(): Promise<void> {
    const undos = [...this.#planted].flatMap(({ undo = [] }) => undo);
    for (const command of undos) await this.#callUnlessJunk(command);
    for (const proxy of this.#proxies.values()) {
      proxy.swallow(false);
      proxy.delay(() => 0);
      for (const lane of [proxy.up, proxy.down]) lane.narrow(Infinity);
    }
    await this.#call("CONFIG", "SET", "maxmemory", "0");
    await giveAllRights(this.#servers);
  }

  async pending(): Promise<number> {
    return Number(await this.#call("EVAL", COUNT_JOBS, "0"));
  }

  async held(brokerId: string): Promise<readonly string[]> {
    const key = `${NAMESPACE}/_running-jobs-on-broker-${brokerId}`;
    return texts(await this.#call("HKEYS", key));
  }

  async leftovers(stranded: ReadonlySet<string>): Promise<readonly string[]> {
    const lines: string[] = [];
    for (const key of texts(await this.#call("KEYS", `${NAMESPACE}/*`))) {
      if (await this.#mayStay(key, stranded)) continue;
      const kind = String(await this.#call("TYPE", key));
      lines.push(`${key} (${kind}): ${await this.#excerpt(key, kind)}`);
    }
    return lines;
  }

  /** A key of another type already is left to those that meet it. */
  async #callUnlessJunk(command: readonly string[]): Promise<void> {
    try {
      await this.#servers.call(...command);
    } catch (error) {
      if (!String(error).includes("WRONGTYPE")) throw error;
    }
  }

  async #mayStay(key: string, stranded: ReadonlySet<string>): Promise<boolean> {
    const name = key.slice(NAMESPACE.length + 1);
    if (STAYS.test(key)) return true;
    if (this.#planted.size > 0 && name.startsWith("_quarantine")) return true;
    if (name === "_current_concurrency") {
      return texts(await this.#call("HVALS", key)).every((count) => count === "0");
    }
    // The numbers that were used last.
    if (name === "_parked-counts") {
      return texts(await this.#call("HKEYS", key)).every((field) => "+-".includes(field));
    }
    const members: Readonly<Record<string, readonly string[]>> = {
      _all_brokers_hash: ["HKEYS", key],
      _all_brokers_zset: ["ZRANGE", key, "0", "-1"],
    };
    // Whoever is woken next passes over those that are not of the cluster any more.
    const idle = name.startsWith("_idle-brokers-of-") ? ["SMEMBERS", key] : undefined;
    const command = members[name] ?? idle;
    return (
      command !== undefined && texts(await this.#call(...command)).every((id) => stranded.has(id))
    );
  }

  async stop(): Promise<void> {
    for (const proxy of this.#proxies.values()) await proxy.close();
    await this.#servers.stop();
  }

  async #excerpt(key: string, kind: string): Promise<string> {
    const commands: Readonly<Record<string, readonly string[]>> = {
      hash: ["HGETALL", key],
      list: ["LRANGE", key, "0", "4"],
      set: ["SMEMBERS", key],
      zset: ["ZRANGE", key, "0", "4", "WITHSCORES"],
    };
    return JSON.stringify(await this.#call(...(commands[kind] ?? ["GET", key]))).slice(0, 500);
  }

  /** Until it answers: a fault may be under way. */
  async #call(...args: readonly string[]): Promise<unknown> {
    return until(`Redis answers ${args[0]}`, async () => ({
      reply: await this.#servers.call(...args),
    })).then(({ reply }) => reply);
  }
}

function texts(reply: unknown): readonly string[] {
  return Array.isArray(reply) ? reply.map(String) : [];
}
