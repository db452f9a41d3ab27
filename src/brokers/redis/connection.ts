import { type Backoff, backoffMs } from "../../core/backoff.ts";
import { BrokerError } from "../../core/errors.ts";
import type { Runtime } from "../../platform/runtime.ts";
import { findNode } from "./find-node.ts";
import type { LuaScript } from "./lua-scripts.ts";
import { createRedisClient, type RedisClient } from "./redis-client.ts";
import { brokerError, isPassing, replyCode } from "./redis-errors.ts";
import type { RedisTarget } from "./redis-target.ts";
import { array } from "./replies.ts";

/** Between attempts to connect again: for ever, but kind to a server that comes back. */
const RECONNECT_BACKOFF: Backoff = { baseMs: 25, capMs: 2000 };

/** Replies of a server that has not, or not any more, what is looked for. */
const WRONG_NODE: ReadonlySet<string | undefined> = new Set(["READONLY", "MOVED"]);

/** How a connection is made. */
export interface ConnectionOptions {
  /** What it is for, in logs. */
  readonly purpose: string;
  readonly target: RedisTarget;
  /** A key of the namespace. */
  readonly key: string;
  readonly runtime: Runtime;
  /** Longest time that a call may take, in ms. */
  readonly callTimeoutMs: number;
  /** For a connection that is mostly silent: how often to make sure that it lives, in ms. */
  readonly pingEveryMs?: number;
}

interface Subscription {
  readonly channel: string;
  readonly listener: (message: string) => void;
}

/**
 * One connection to the server that has the namespace, which heals itself. A call fails when the
 * connection breaks under it, or after its deadline; then the connection is made anew, since nobody
 * knows what became of it.
 *
 * ```
 *   closed --open()--> connecting: find the server, connect <---------+
 *     ^                    |        ^      |                          | broken, a deadline passed,
 *     |                    v        +------+ failed: backoff          | or the wrong server
 *     +---- close() ---- ready ---------------------------------------+
 * ```
 */
export class RedisConnection {
  readonly #options: ConnectionOptions;
  #client: RedisClient | undefined;
  /** Why there is no connection, from the first failure until it is back. */
  #lostBy: string | undefined;
  /** The last server was not, or not any more, the one that is looked for. */
  #wasMisled = false;
  #isClosed = true;
  /** Ends the pause between two attempts to connect. */
  #wake: (() => void) | undefined;
  #subscription: Subscription | undefined;
  #onReady: (() => void) | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** Connects, unless it is. Rejects with BrokerError if Redis does not answer in time, or refuses. */
  async open(): Promise<void> {
    if (!this.#isClosed) return;
    this.#isClosed = false;
    const { runtime, callTimeoutMs } = this.#options;
    const giveUpAtMs = runtime.clock.monotonic() + callTimeoutMs;
    try {
      await this.#keepConnecting(
        (error) => !isPassing(error) || runtime.clock.monotonic() >= giveUpAtMs,
      );
    } catch (error) {
      this.close();
      throw brokerError("connecting", error);
    }
  }

  /** Lets go of the socket at once. Calls under way reject. */
  close(): void {
    this.#isClosed = true;
    this.#client?.destroy();
    this.#client = undefined;
    this.#wake?.();
  }

  /** Calls back whenever the connection has been made again. */
  onReady(listener: () => void): void {
    this.#onReady = listener;
  }

  /** Runs a script; loads it first where Redis does not know it. Rejects with BrokerError. */
  async run(script: LuaScript, keys: string[], args: string[]): Promise<unknown> {
    const client = this.#connected();
    try {
      return await this.#withDeadline(script.name, runScript(client, script, { keys, args }));
    } catch (error) {
      const code = replyCode(error);
      if (error instanceof DeadlineError || WRONG_NODE.has(code)) this.#lose(client, error);
      if (code === "MOVED" && this.#options.target.kind === "single") throw aClusterIsMet(error);
      throw brokerError(script.name, error);
    }
  }

  async subscribe(channel: string, listener: (message: string) => void): Promise<void> {
    if (this.#subscription !== undefined) return;
    this.#subscription = { channel, listener };
    await this.#withDeadline("subscribing", this.#connected().subscribe(channel, listener));
  }

  async deleteMatching(pattern: string): Promise<void> {
    await this.#connected().deleteMatching(pattern);
  }

  #connected(): RedisClient {
    if (this.#client !== undefined) return this.#client;
    const reason = this.#lostBy ?? "not yet made";
    const state = this.#isClosed ? "is closed" : `is lost, and being made again (${reason})`;
    throw new BrokerError(`Redis: the connection ${state}`, {
      // Passes by itself.
      ...(!this.#isClosed && { cause: new Error("not connected") }),
    });
  }

  /** Until it is connected, closed, or one failure is final. */
  async #keepConnecting(isFinal: (error: unknown) => boolean): Promise<void> {
    const { runtime } = this.#options;
    for (let attempt = 1; !this.#isClosed; attempt += 1) {
      try {
        await this.#connect();
        return;
      } catch (error) {
        if (isFinal(error)) throw error;
        this.#reportLost(error);
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      const delayMs = backoffMs(RECONNECT_BACKOFF, attempt, runtime.random());
      const timer = runtime.timers.set(resolve, delayMs);
      this.#wake = resolve;
      await promise;
      timer.cancel();
    }
  }

  async #connect(): Promise<void> {
    const { target, key, pingEveryMs, callTimeoutMs } = this.#options;
    const search = { target, key, timeoutMs: callTimeoutMs };
    const node = await this.#withDeadline("looking for the server", findNode(search));
    const client = await createRedisClient(node, {
      connectTimeoutMs: callTimeoutMs,
      pingEveryMs,
      silenceTimeoutMs: pingEveryMs === undefined ? undefined : 3 * pingEveryMs,
    });
    try {
      await this.#withDeadline("connecting", this.#makeReady(client));
    } catch (error) {
      client.destroy();
      throw error;
    }
    if (this.#isClosed) {
      client.destroy();
      return;
    }
    this.#client = client;
    this.#wasMisled = false;
    this.#reportBack();
    this.#onReady?.();
    client.onLost((error) => {
      this.#lose(client, error);
    });
  }

  async #makeReady(client: RedisClient): Promise<void> {
    await client.connect();
    // Who answered may not know yet of a failover, nor who resolves a name or stands in between.
    if (this.#options.target.kind !== "single") refuseReplica(await client.call(["ROLE"]));
    else if (this.#wasMisled) refuseReplica(await roleIfTold(client));
    const subscription = this.#subscription;
    if (subscription !== undefined) {
      await client.subscribe(subscription.channel, subscription.listener);
    }
  }

  /** Only a new socket helps where the old one is silent, broken, or leads to the wrong server. */
  #lose(client: RedisClient, error: unknown): void {
    if (client !== this.#client || this.#isClosed) return;
    this.#client = undefined;
    client.destroy();
    this.#wasMisled = WRONG_NODE.has(replyCode(error));
    this.#reportLost(error);
    void this.#keepConnecting(() => false);
  }

  #reportLost(err: unknown): void {
    const { runtime, purpose } = this.#options;
    if (this.#isClosed) return;
    const wasLost = this.#lostBy !== undefined;
    this.#lostBy = err instanceof Error ? err.message || err.name : String(err);
    if (wasLost) return;
    runtime.logger.warn({ err, connection: purpose }, "the connection to Redis is lost");
  }

  #reportBack(): void {
    const { runtime, purpose } = this.#options;
    if (this.#lostBy === undefined) return;
    this.#lostBy = undefined;
    runtime.logger.warn({ connection: purpose }, "the connection to Redis is back");
  }

  async #withDeadline<Reply>(what: string, reply: Promise<Reply>): Promise<Reply> {
    const { runtime, callTimeoutMs } = this.#options;
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = runtime.timers.set(() => {
      reject(new DeadlineError(`${what} took longer than ${callTimeoutMs} ms`));
    }, callTimeoutMs);
    try {
      return await Promise.race([reply, promise]);
    } finally {
      timer.cancel();
    }
  }
}

class DeadlineError extends Error {}

/** @param reply - of ROLE; `undefined` if it is not known */
function refuseReplica(reply: unknown): void {
  if (reply === undefined) return;
  const [role] = array(reply);
  if (role !== "master") throw new Error(`the server that was found is a ${String(role)}`);
}

/** A user may not be allowed to ask, and a proxy may not know the command. */
async function roleIfTold(client: RedisClient): Promise<unknown> {
  try {
    return await client.call(["ROLE"]);
  } catch (error) {
    if (replyCode(error) === undefined) throw error;
    return undefined;
  }
}

/** Without a cause: it does not pass. */
function aClusterIsMet(error: unknown): BrokerError {
  const reason = error instanceof Error ? error.message : String(error);
  return new BrokerError(
    `Redis: this server is a node of a Redis Cluster (${reason}): give RedisBroker ` +
      "{ rootNodes: [{ url }] }, and the engine a namespace with a hash tag, such as {spinach}",
  );
}

async function runScript(
  client: RedisClient,
  { sha1, text }: LuaScript,
  { keys, args }: { readonly keys: string[]; readonly args: string[] },
): Promise<unknown> {
  try {
    return await client.evalSha(sha1, keys, args);
  } catch (error) {
    if (replyCode(error) !== "NOSCRIPT") throw error;
    return client.eval(text, keys, args);
  }
}
