import { BrokerError } from "../../core/errors.ts";
import type { Deadlines } from "../../platform/deadlines.ts";
import type { Runtime } from "../../platform/runtime.ts";
import { findNode } from "./find-node.ts";
import {
  createRedisClient,
  loadRedisPackage,
  type RedisClient,
  replyIfAllowed,
} from "./redis-client.ts";
import { replyCode } from "./redis-errors.ts";
import type { RedisTarget } from "./redis-target.ts";
import { array } from "./replies.ts";
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
  /** Where the server was found. */
  readonly address: string;
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
    const { target, quarantine, pingEveryMs, callTimeoutMs } = this.#options;
    // The first time that takes long on a busy machine, and no server is late for it.
    await loadRedisPackage();
    // Whoever closes the connection leaves no timer behind: none may be set afterwards.
    signal.throwIfAborted();
    const search = { target, key: quarantine, timeoutMs: callTimeoutMs, signal };
    const node = await this.#deadlines.bound("looking for the server", findNode(search));
    const client = await createRedisClient(node, {
      connectTimeoutMs: callTimeoutMs,
      signal,
      pingEveryMs,
      silenceTimeoutMs: pingEveryMs === undefined ? undefined : 3 * pingEveryMs,
    });
    signal.throwIfAborted();
    await this.#deadlines.bound("connecting", this.#makeReady(client, attempt));
    signal.throwIfAborted();
    const { host, port } = node.socket ?? {};
    return { client, address: `${String(host)}:${String(port)}` };
  }

  async #makeReady(
    client: RedisClient,
    { wasMisled, subscription }: ConnectAttempt,
  ): Promise<void> {
    await client.connect();
    // Who answered may not know yet of a failover, nor who resolves a name or stands in between.
    if (this.#options.target.kind !== "single") refuseReplica(await client.call(["ROLE"]));
    else if (wasMisled) refuseReplica(await replyIfAllowed(client, ["ROLE"]));
    await this.#checkKeys(client);
    await this.#succession.takeOver(client);
    if (subscription !== undefined) {
      await client.subscribe(subscription.channel, subscription.listener);
    }
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

/** @param reply - of ROLE; `undefined` if it is not known */
function refuseReplica(reply: unknown): void {
  if (reply === undefined) return;
  const [role] = array(reply);
  if (role !== "master") throw new Error(`the server that was found is a ${String(role)}`);
}

/** Without a cause: it does not pass. */
export function aClusterIsMet(error: unknown): BrokerError {
  const reason = error instanceof Error ? error.message : String(error);
  return new BrokerError(
    `Redis: this server is a node of a Redis Cluster (${reason}): give RedisBroker ` +
      "{ rootNodes: [{ url }] }, and the engine a namespace with a hash tag, such as {spinach}",
  );
}
