import { BrokerError } from "../../core/errors.ts";
import type { Deadlines } from "../../platform/deadlines.ts";
import type { Runtime } from "../../platform/runtime.ts";
import { findNode } from "./find-node.ts";
import { createRedisClient, loadRedisPackage, type RedisClient } from "./redis-client.ts";
import { replyCode } from "./redis-errors.ts";
import type { RedisTarget } from "./redis-target.ts";
import { refuseReplica, serverId } from "./server-proof.ts";
import { Succession } from "./succession.ts";

/** How a connection is made. */
export interface ConnectOptions {
  /** What it is for, in logs. */
  readonly purpose: string;
  readonly target: RedisTarget;
  /** A key of the namespace: where it is, all the others are. */
  readonly quarantine: string;
  readonly runtime: Runtime;
  /** Longest time that a call may take, in ms. */
  readonly callTimeoutMs: number;
  /** For a connection that is mostly silent: how often to make sure that it lives, in ms. */
  readonly pingEveryMs?: number;
}

/** A channel that a connection listens to. */
export interface Subscription {
  readonly channel: string;
  readonly listener: (message: string) => void;
}

/** What one attempt to connect depends on. */
export interface ConnectAttempt {
  /** Aborted to let go of the connection, or of what is under way to make it. */
  readonly signal: AbortSignal;
  /** The last server was not, or not any more, the one that is looked for. */
  readonly wasMisled: boolean;
  /** Listened to before anybody uses the connection. */
  readonly subscription: Subscription | undefined;
}

/** A connection that was made. */
export interface Connected {
  readonly client: RedisClient;
  /** Which server it is; `undefined` if that is not known. Connections that know the same one lead to one server. */
  readonly server: string | undefined;
}

/** Makes one connection after the other: finds the server that has the namespace, connects, and proves that it may be used. */
export class Connector {
  readonly #options: ConnectOptions;
  readonly #deadlines: Deadlines;
  readonly #succession: Succession;

  constructor(options: ConnectOptions, deadlines: Deadlines) {
    this.#options = options;
    this.#deadlines = deadlines;
    const { purpose, runtime } = options;
    this.#succession = new Succession({ purpose, logger: runtime.logger });
  }

  /** Tries once. Rejects with what kept it from it; then nothing is left behind once the signal is aborted. */
  async connect(attempt: ConnectAttempt): Promise<Connected> {
    const { signal } = attempt;
    const { target, quarantine, callTimeoutMs } = this.#options;
    // The first time that takes long on a busy machine, and no server is late for it.
    await loadRedisPackage();
    // Whoever closes the connection leaves no timer behind: none may be set afterwards.
    signal.throwIfAborted();
    const search = { target, key: quarantine, timeoutMs: callTimeoutMs, signal };
    const node = await this.#deadlines.bound({ name: "looking for the server" }, findNode(search));
    signal.throwIfAborted();
    const client = await this.#deadlines.bound(
      { name: "asking for the credentials" },
      createRedisClient(node, { connectTimeoutMs: callTimeoutMs, signal }),
    );
    signal.throwIfAborted();
    const id = await this.#deadlines.bound(
      { name: "connecting" },
      this.#makeReady(client, attempt),
    );
    signal.throwIfAborted();
    const { host, port } = node.socket ?? {};
    // Sentinels, and nodes of a cluster, name each server by an address of its own.
    const named = target.kind === "single" ? undefined : `${String(host)}:${String(port)}`;
    return { client, server: id ?? named };
  }

  async #makeReady(
    client: RedisClient,
    { wasMisled, subscription }: ConnectAttempt,
  ): Promise<string | undefined> {
    await client.connect();
    // Who answered may not know yet of a failover, nor who resolves a name or stands in between.
    const mayBeReplica = wasMisled || this.#options.target.kind !== "single";
    const [id] = await Promise.all([
      serverId(client),
      this.#checkKeys(client),
      mayBeReplica ? refuseReplica(client) : undefined,
    ]);
    await this.#succession.takeOver(client);
    if (subscription !== undefined) {
      await client.subscribe(subscription.channel, subscription.listener);
    }
    return id;
  }

  /** Rejects if a connection does not live, or leads to a server that has not, or not any more, the namespace. */
  async probe(client: RedisClient): Promise<void> {
    // One that listens may not ask for keys, where the protocol is the old one.
    const { pingEveryMs } = this.#options;
    await Promise.all([
      refuseReplica(client),
      pingEveryMs === undefined ? this.#checkKeys(client) : undefined,
    ]);
  }

  /** Who may not touch the keys, or asks the wrong server for them, is told at once. */
  async #checkKeys(client: RedisClient): Promise<void> {
    const { target, quarantine } = this.#options;
    try {
      await client.call(["EXISTS", quarantine]);
    } catch (error) {
      const isCluster = replyCode(error) === "MOVED" && target.kind === "single";
      throw isCluster ? aClusterIsMet(error) : error;
    }
  }
}

/** Without a cause: it does not pass. */
export function aClusterIsMet(error: unknown): BrokerError {
  const reason = error instanceof Error ? error.message : String(error);
  return new BrokerError(
    `Redis: this server is a node of a Redis Cluster (${reason}): give RedisBroker ` +
      "{ rootNodes: [{ url }] }, and the engine a namespace with a hash tag, such as {spinach}",
  );
}
