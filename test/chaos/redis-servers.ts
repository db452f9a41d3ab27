import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import { until } from "../../src/testing/waits.ts";
import { inspect } from "../brokers/redis/inspector.ts";
import { type RedisProcess, startRedisProcess } from "../brokers/redis/redis-process.ts";
import type { Guard } from "./guard.ts";

/** Acknowledged is on disk; a replica gets its first copy at once. */
const FLAGS = ["--appendonly", "yes", "--appendfsync", "always"];
FLAGS.push("--repl-diskless-sync-delay", "0");

/** Whom the processes connect as: the harness itself is not subject to what happens to their rights. */
export const USER = { name: "chaos", password: "at-three" };

/** What the user may do when nothing is wrong. */
export const ALL_RIGHTS: readonly string[] = ["~*", "&*", "+@all"];
FLAGS.push("--user", USER.name, "on", `>${USER.password}`, ...ALL_RIGHTS);

/** How long a primary waits for its replica to catch up before it hands over, in ms. */
const HANDOVER_MS = "3000";

/** A primary and its replica, both with an append-only file, that can change places. */
export class RedisServers {
  readonly #guard: Guard;
  #primary: RedisProcess;
  #replica: RedisProcess;

  private constructor(guard: Guard, primary: RedisProcess, replica: RedisProcess) {
    this.#guard = guard;
    this.#primary = primary;
    this.#replica = replica;
  }

  static async start(guard: Guard): Promise<RedisServers> {
    const [primary, replica] = await Promise.all([
      startRedisProcess({ flags: FLAGS, parent: guard.folder }),
      startRedisProcess({ flags: FLAGS, parent: guard.folder }),
    ]);
    for (const { pid } of [primary, replica]) guard.started(pid ?? 0);
    const servers = new RedisServers(guard, primary, replica);
    // Told, not by a flag: after a restart it must be what it was last.
    await callAt(replica, "REPLICAOF", "127.0.0.1", String(primary.port));
    await servers.replicated();
    return servers;
  }

  get port(): number {
    return this.#primary.port;
  }

  /** Asks the primary, past all proxies. */
  async call(...args: readonly string[]): Promise<unknown> {
    return callAt(this.#primary, ...args);
  }

  /** Asks both: what is no data is not replicated. */
  async callBoth(...args: readonly string[]): Promise<void> {
    await Promise.all([this.#primary, this.#replica].map((server) => callAt(server, ...args)));
  }

  /** Both must say so: after a restart each of them may still speak of the connection before. */
  async replicated(): Promise<void> {
    await until("the replica follows", async () => {
      const [ofPrimary, ofReplica] = await Promise.all([
        this.call("INFO", "replication"),
        callAt(this.#replica, "INFO", "replication"),
      ]);
      return (
        /^slave\d+:.*state=online/mv.test(String(ofPrimary)) &&
        String(ofReplica).includes("master_link_status:up")
      );
    });
  }

  async kill(): Promise<void> {
    const { pid = 0 } = this.#primary;
    await this.#primary.kill();
    this.#guard.ended(pid);
  }

  async restart(): Promise<void> {
    await this.#primary.restart();
    this.#guard.started(this.#primary.pid ?? 0);
  }

  /** The same, but what it had on disk is gone. */
  async restartEmpty(folder: string): Promise<void> {
    for (const name of readdirSync(folder)) {
      rmSync(join(folder, name), { recursive: true, force: true });
    }
    await this.restart();
  }

  /** Where the primary keeps its data. */
  async folder(): Promise<string> {
    const reply = await this.call("CONFIG", "GET", "dir");
    const settings: Readonly<Record<string, unknown>> = { ...(reply as object) };
    return String(settings["dir"]);
  }

  freeze(isFrozen: boolean): void {
    this.#primary.freeze(isFrozen);
  }

  /**
   * Makes the replica the primary without losing a write: the primary holds all writes until the replica
   * has all. Resolves to whether it did; it does not if the replica cannot follow in time.
   */
  async handOver(): Promise<boolean> {
    const port = String(this.#replica.port);
    // Asked again if the replica goes away between the two.
    await until("the handover has begun", async () => {
      await this.replicated();
      await this.call("FAILOVER", "TO", "127.0.0.1", port, "TIMEOUT", HANDOVER_MS);
      return true;
    });
    await until("the handover has ended", async () =>
      String(await this.call("INFO", "replication")).includes("master_failover_state:no-failover"),
    );
    if (String(await this.call("ROLE")).startsWith("master")) return false;
    [this.#primary, this.#replica] = [this.#replica, this.#primary];
    return true;
  }

  async stop(): Promise<void> {
    for (const server of [this.#primary, this.#replica]) {
      const { pid = 0 } = server;
      await server.stop();
      this.#guard.ended(pid);
    }
  }
}

async function callAt({ url }: RedisProcess, ...args: readonly string[]): Promise<unknown> {
  const inspector = await inspect(url);
  try {
    return await inspector.call(...args);
  } finally {
    inspector.close();
  }
}
