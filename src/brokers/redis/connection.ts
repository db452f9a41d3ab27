import { type Backoff, backoffMs } from "../../core/backoff.ts";
import { BrokerError } from "../../core/errors.ts";
import type { Runtime } from "../../platform/runtime.ts";
import type { LuaScript } from "./lua-scripts.ts";
import { createRedisClient, type RedisClient, type RedisOptions } from "./redis-client.ts";
import { brokerError, isPassing, replyCode } from "./redis-errors.ts";

/** Between attempts to connect again: for ever, but kind to a server that comes back. */
const RECONNECT_BACKOFF: Backoff = { baseMs: 25, capMs: 2000 };

/** How a connection is made. */
export interface ConnectionOptions {
  /** What it is for, in logs. */
  readonly purpose: string;
  readonly redis: RedisOptions;
  readonly runtime: Runtime;
  /** Longest time that a call may take, in ms. */
  readonly callTimeoutMs: number;
  /** For a connection that is mostly silent: how often to make sure that it lives, in ms. */
  readonly pingEveryMs?: number;
}

/**
 * One connection to Redis that heals itself. A call fails when the connection breaks under it, or after
 * its deadline; then the connection is made anew, since nobody knows what became of it.
 *
 * ```
 *   closed --open()--> connecting <--------+
 *     ^                    |               | broken, a deadline passed, or READONLY
 *     |                    v               |
 *     +---- close() ---- ready ------------+
 * ```
 */
export class RedisConnection {
  readonly #options: ConnectionOptions;
  #client: RedisClient | undefined;
  #isLost = false;
  /** What the connection met last, until it is ready. */
  #lastError: unknown;
  /** While it is opened: called if Redis says no, which trying again does not change. */
  #onRefused: ((error: unknown) => void) | undefined;
  #isClosed = true;
  #subscription: { channel: string; listener: (message: string) => void } | undefined;
  #onReady: (() => void) | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** Connects, unless it is. Rejects with BrokerError if Redis does not answer in time, or refuses. */
  async open(): Promise<void> {
    if (!this.#isClosed) return;
    this.#isClosed = false;
    const refused = Promise.withResolvers<never>();
    this.#onRefused = refused.reject;
    try {
      await this.#withDeadline("connecting", Promise.race([this.#connect(), refused.promise]));
    } catch (error) {
      this.close();
      // A deadline says less than what it met until then.
      throw brokerError("connecting", this.#lastError ?? error);
    } finally {
      this.#onRefused = undefined;
    }
  }

  /** Lets go of the socket at once. Calls under way reject. */
  close(): void {
    this.#isClosed = true;
    this.#client?.destroy();
    this.#client = undefined;
  }

  /** Calls back whenever the connection has been made again. */
  onReady(listener: () => void): void {
    this.#onReady = listener;
  }

  /** Runs a script; loads it first where Redis does not know it. Rejects with BrokerError. */
  async run(script: LuaScript, keys: string[], args: string[]): Promise<unknown> {
    const client = this.#client;
    if (client === undefined) throw new BrokerError("Redis: the connection is closed");
    try {
      return await this.#withDeadline(script.name, runScript(client, script, { keys, args }));
    } catch (error) {
      if (error instanceof DeadlineError || replyCode(error) === "READONLY") this.#renew(client);
      throw brokerError(script.name, error);
    }
  }

  async subscribe(channel: string, listener: (message: string) => void): Promise<void> {
    if (this.#subscription !== undefined) return;
    this.#subscription = { channel, listener };
    const client = this.#client;
    if (client === undefined) throw new BrokerError("Redis: the connection is closed");
    await this.#withDeadline("subscribing", client.subscribe(channel, listener));
  }

  async deleteMatching(pattern: string): Promise<void> {
    if (this.#client === undefined) throw new BrokerError("Redis: the connection is closed");
    await this.#client.deleteMatching(pattern);
  }

  async #connect(): Promise<void> {
    const { redis, pingEveryMs, runtime } = this.#options;
    const client = await createRedisClient(redis, {
      reconnectDelayMs: (retries) => backoffMs(RECONNECT_BACKOFF, retries, runtime.random()),
      ...(pingEveryMs !== undefined && { pingEveryMs }),
    });
    if (this.#isClosed) return;
    // Two that were made at once: one is enough.
    this.#client?.destroy();
    this.#client = client;
    client.onStateChange((state, error) => {
      if (client === this.#client) this.#stateChanged(state, error);
    });
    await client.connect();
    const subscription = this.#subscription;
    if (subscription !== undefined) {
      await client.subscribe(subscription.channel, subscription.listener);
    }
  }

  /** Only a new socket helps where the old one is silent, or leads to what is no primary any more. */
  #renew(client: RedisClient): void {
    if (client !== this.#client || this.#isClosed) return;
    client.destroy();
    this.#stateChanged("lost", new Error("the connection is made anew"));
    this.#connect().catch((error: unknown) => {
      this.#stateChanged("lost", error);
    });
  }

  #stateChanged(state: "ready" | "lost", err?: unknown): void {
    const { runtime, purpose } = this.#options;
    if (this.#isClosed) return;
    this.#lastError = err;
    if (state === "lost") {
      if (err !== undefined && !isPassing(err)) this.#onRefused?.(err);
      if (this.#isLost) return;
      this.#isLost = true;
      runtime.logger.warn({ err, connection: purpose }, "the connection to Redis is lost");
      return;
    }
    if (this.#isLost) {
      this.#isLost = false;
      runtime.logger.warn({ connection: purpose }, "the connection to Redis is back");
    }
    this.#onReady?.();
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
