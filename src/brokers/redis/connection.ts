import { type Backoff, backoffMs } from "../../core/backoff.ts";
import { BrokerError } from "../../core/errors.ts";
import { Deadlines } from "../../platform/deadlines.ts";
import type { Runtime } from "../../platform/runtime.ts";
import { findNode } from "./find-node.ts";
import type { ScriptCall } from "./lua-scripts.ts";
import {
  createRedisClient,
  loadRedisPackage,
  type RedisClient,
  replyIfAllowed,
  runScript,
} from "./redis-client.ts";
import { brokerError, isPassing, replyCode } from "./redis-errors.ts";
import type { RedisTarget } from "./redis-target.ts";
import { array, textArray } from "./replies.ts";
import { Succession } from "./succession.ts";

/** Between attempts to connect again: for ever, but kind to a server that comes back. */
const RECONNECT_BACKOFF: Backoff = { baseMs: 25, capMs: 2000 };

/**
 * Replies of a server that has not, or not any more, what is looked for; or may not have it: it is cut off
 * from its replicas, its primary or its cluster.
 */
const WRONG_NODE: ReadonlySet<string | undefined> = new Set([
  "CLUSTERDOWN",
  "MASTERDOWN",
  "MOVED",
  "NOREPLICAS",
  "READONLY",
]);

/** The first part of a reply that tells of things set aside. */
const QUARANTINED = "quarantined";

/** How a connection is made. */
export interface ConnectionOptions {
  /** What it is for, in logs. */
  readonly purpose: string;
  readonly target: RedisTarget;
  /** A key of the namespace: where it is, all the others are. */
  readonly quarantine: string;
  readonly runtime: Runtime;
  /** Longest time that a call may take, in ms. */
  readonly callTimeoutMs: number;
  /** Longest pause between two attempts to connect again, in ms. @defaultValue 2000 */
  readonly maxPauseMs?: number;
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
 * knows what became of it. Where the server allows it, it has no effect after a later call: see {@link Succession}.
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
  readonly #succession: Succession;
  readonly #deadlines: Deadlines;
  #client: RedisClient | undefined;
  /** Where the server was found last. */
  #address = "";
  /** Nothing is lost before it was there: who opens it is told why it could not be. */
  #wasReady = false;
  /** Why there is no connection, from the first failure until it is back. */
  #lostBy: string | undefined;
  /** When it was last made, on the monotonic clock. */
  #readyAtMs = 0;
  /** How often, one after the other, it was lost soon after: the server that is met may refuse all that is asked of it. */
  #shortLives = 0;
  /** The last server was not, or not any more, the one that is looked for. */
  #wasMisled = false;
  #isClosed = true;
  /** How often it was opened: what is left of an earlier time must not go on. */
  #openings = 0;
  /** Aborted, it lets go of the connection, or of what is under way to make it. */
  #attempt: AbortController | undefined;
  /** Ends the pause between two attempts to connect. */
  #wake: (() => void) | undefined;
  /** Resolves when there is a connection, or it is closed; `undefined` while nobody waits for that. */
  #settled: PromiseWithResolvers<void> | undefined;
  #subscription: Subscription | undefined;
  #onReady: (() => void) | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const { purpose, runtime, callTimeoutMs: timeoutMs } = options;
    this.#succession = new Succession({ purpose, logger: runtime.logger });
    this.#deadlines = new Deadlines({
      runtime,
      timeoutMs,
      late: (name) => new DeadlineError(`${name} took longer than ${timeoutMs} ms`),
    });
  }

  /** Connects, unless it is. Rejects with BrokerError if Redis does not answer in time, or refuses. */
  async open(): Promise<void> {
    if (!this.#isClosed) return;
    this.#isClosed = false;
    this.#shortLives = 0;
    this.#openings += 1;
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
    this.#attempt?.abort();
    this.#client = undefined;
    this.#wake?.();
    this.#settle();
    this.#deadlines.giveUp((name) => new Error(`the connection was closed during ${name}`));
  }

  /** Calls back whenever the connection has been made again. */
  onReady(listener: () => void): void {
    this.#onReady = listener;
  }

  /** Looks for the server again if another connection has found it elsewhere. */
  follow(other: RedisConnection): void {
    if (this.#client === undefined || this.#address === other.#address) return;
    this.#lose(this.#client, new Error(`the namespace is at ${other.#address} now`));
  }

  /**
   * Runs a script; sends it anew, whole, where Redis does not know it. Rejects with BrokerError.
   * @param what - in errors, what it is for
   */
  async run(call: ScriptCall, what: string = call.script.name): Promise<unknown> {
    return this.#afterQuarantine(await this.#send(what, (client) => runScript(client, call)));
  }

  /**
   * Runs a script that may be repeated, again and again as long as the connection breaks under it. Waits for
   * one that is being made anew, for ever; `close` ends that. Rejects with BrokerError.
   */
  async runPatiently(call: ScriptCall): Promise<unknown> {
    for (;;) {
      await this.#untilReady();
      const client = this.#client;
      // Lost again, before anybody could use it.
      if (client === undefined && !this.#isClosed) continue;
      try {
        return await this.run(call);
      } catch (error) {
        const isReply = error instanceof BrokerError && replyCode(error.cause) !== undefined;
        if (this.#isClosed || this.#client === client || isReply) throw error;
      }
    }
  }

  /** Runs one command. Rejects with BrokerError. */
  async command(args: readonly string[]): Promise<unknown> {
    return this.#send(args[0] ?? "", (client) => client.call(args));
  }

  async subscribe(channel: string, listener: (message: string) => void): Promise<void> {
    if (this.#subscription !== undefined) return;
    const client = this.#connected();
    try {
      await this.#deadlines.bound("subscribing", client.subscribe(channel, listener));
    } catch (error) {
      if (error instanceof DeadlineError) this.#lose(client, error);
      throw brokerError("subscribing", error);
    }
    // Only now: one that was refused must be tried again.
    this.#subscription = { channel, listener };
  }

  async #send(what: string, call: (client: RedisClient) => Promise<unknown>): Promise<unknown> {
    const client = this.#connected();
    try {
      return await this.#deadlines.bound(what, call(client));
    } catch (error) {
      const code = replyCode(error);
      if (error instanceof DeadlineError || WRONG_NODE.has(code)) this.#lose(client, error);
      if (code === "MOVED" && this.#options.target.kind === "single") throw aClusterIsMet(error);
      throw brokerError(what, error);
    }
  }

  /** A script's own reply; what it had to set aside first is logged. See lua/lib/call.lua. */
  #afterQuarantine(reply: unknown): unknown {
    if (!Array.isArray(reply) || reply[0] !== QUARANTINED) return reply;
    const [, notes, own] = array(reply);
    for (const note of textArray(notes)) {
      this.#options.runtime.logger.error(
        { quarantine: this.#options.quarantine, note },
        "set aside something that is no job, or of the wrong type",
      );
    }
    return own;
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

  /** Resolves when it is connected, or closed. */
  async #untilReady(): Promise<void> {
    if (this.#client !== undefined || this.#isClosed) return;
    this.#settled ??= Promise.withResolvers<void>();
    await this.#settled.promise;
  }

  #settle(): void {
    this.#settled?.resolve();
    this.#settled = undefined;
  }

  /** Until it is connected, closed, or one failure is final. */
  async #keepConnecting(isFinal: (error: unknown) => boolean): Promise<void> {
    const { runtime, maxPauseMs = RECONNECT_BACKOFF.capMs } = this.#options;
    const backoff = { ...RECONNECT_BACKOFF, capMs: maxPauseMs };
    const openings = this.#openings;
    const isOver = (): boolean => this.#isClosed || openings !== this.#openings;
    for (let pauses = this.#shortLives; ; pauses += 1) {
      if (pauses > 0) await this.#pause(backoffMs(backoff, pauses, runtime.random()));
      if (isOver()) return;
      try {
        await this.#connect();
        return;
      } catch (error) {
        if (isOver()) return;
        if (isFinal(error)) throw error;
        this.#reportLost(error);
      }
    }
  }

  async #pause(delayMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#options.runtime.timers.set(resolve, delayMs);
    this.#wake = resolve;
    await promise;
    timer.cancel();
  }

  async #connect(): Promise<void> {
    const attempt = new AbortController();
    this.#attempt = attempt;
    try {
      const client = await this.#newClient(attempt.signal);
      attempt.signal.throwIfAborted();
      await this.#deadlines.bound("connecting", this.#makeReady(client));
      attempt.signal.throwIfAborted();
      this.#use(client);
    } catch (error) {
      attempt.abort();
      throw error;
    }
  }

  async #newClient(signal: AbortSignal): Promise<RedisClient> {
    const { target, quarantine, pingEveryMs, callTimeoutMs } = this.#options;
    // The first time that takes long on a busy machine, and no server is late for it.
    await loadRedisPackage();
    // Whoever closes the connection leaves no timer behind: none may be set afterwards.
    signal.throwIfAborted();
    const search = { target, key: quarantine, timeoutMs: callTimeoutMs, signal };
    const node = await this.#deadlines.bound("looking for the server", findNode(search));
    this.#address = `${String(node.socket?.["host"])}:${String(node.socket?.["port"])}`;
    return createRedisClient(node, {
      connectTimeoutMs: callTimeoutMs,
      signal,
      pingEveryMs,
      silenceTimeoutMs: pingEveryMs === undefined ? undefined : 3 * pingEveryMs,
    });
  }

  #use(client: RedisClient): void {
    this.#client = client;
    this.#readyAtMs = this.#options.runtime.clock.monotonic();
    this.#wasMisled = false;
    this.#reportBack();
    this.#wasReady = true;
    this.#settle();
    this.#onReady?.();
    client.onLost((error) => {
      this.#lose(client, error);
    });
  }

  async #makeReady(client: RedisClient): Promise<void> {
    await client.connect();
    // Who answered may not know yet of a failover, nor who resolves a name or stands in between.
    if (this.#options.target.kind !== "single") refuseReplica(await client.call(["ROLE"]));
    else if (this.#wasMisled) refuseReplica(await replyIfAllowed(client, ["ROLE"]));
    await this.#checkKeys(client);
    await this.#succession.takeOver(client);
    const subscription = this.#subscription;
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

  /** Only a new socket helps where the old one is silent, broken, or leads to the wrong server. */
  #lose(client: RedisClient, error: unknown): void {
    if (client !== this.#client || this.#isClosed) return;
    this.#client = undefined;
    client.destroy();
    const livedMs = this.#options.runtime.clock.monotonic() - this.#readyAtMs;
    this.#shortLives = livedMs < RECONNECT_BACKOFF.capMs ? this.#shortLives + 1 : 0;
    this.#wasMisled = WRONG_NODE.has(replyCode(error));
    this.#reportLost(error);
    void this.#keepConnecting(() => false);
  }

  #reportLost(err: unknown): void {
    const { runtime, purpose } = this.#options;
    if (this.#isClosed) return;
    const wasLost = this.#lostBy !== undefined;
    this.#lostBy = err instanceof Error ? err.message || err.name : String(err);
    if (wasLost || !this.#wasReady) return;
    runtime.logger.warn({ err, connection: purpose }, "the connection to Redis is lost");
  }

  #reportBack(): void {
    const { runtime, purpose } = this.#options;
    const wasLost = this.#lostBy !== undefined;
    this.#lostBy = undefined;
    if (!wasLost || !this.#wasReady) return;
    runtime.logger.warn({ connection: purpose }, "the connection to Redis is back");
  }
}

class DeadlineError extends Error {}

/** @param reply - of ROLE; `undefined` if it is not known */
function refuseReplica(reply: unknown): void {
  if (reply === undefined) return;
  const [role] = array(reply);
  if (role !== "master") throw new Error(`the server that was found is a ${String(role)}`);
}

/** Without a cause: it does not pass. */
function aClusterIsMet(error: unknown): BrokerError {
  const reason = error instanceof Error ? error.message : String(error);
  return new BrokerError(
    `Redis: this server is a node of a Redis Cluster (${reason}): give RedisBroker ` +
      "{ rootNodes: [{ url }] }, and the engine a namespace with a hash tag, such as {spinach}",
  );
}
