import { type Backoff, backoffMs } from "../../core/backoff.ts";
import { BrokerError } from "../../core/errors.ts";
import type { Deadlines } from "../../platform/deadlines.ts";
import type { Timer } from "../../platform/runtime.ts";
import { ConnectionLog } from "./connection-log.ts";
import { type ConnectOptions, Connector, type Subscription } from "./connector.ts";
import type { RedisClient } from "./redis-client.ts";
import {
  brokerError,
  isClose,
  isMisled,
  isNotReady,
  isPassing,
  replyCode,
} from "./redis-errors.ts";

/** Between attempts to connect again: for ever, but kind to a server that comes back. */
const RECONNECT_BACKOFF: Backoff = { baseMs: 25, capMs: 2000 };

/** So long without a call, in ms, a connection is idle: whoever closes it then harms nobody. */
const IDLE_AFTER_MS = 1000;

/** How a connection is made, and made again. */
export interface KeepOptions extends ConnectOptions {
  /** Longest pause between two attempts to connect again, in ms. @defaultValue 2000 */
  readonly maxPauseMs?: number;
}

/**
 * Keeps one connection to the server that has the namespace: where it is lost, it is made anew.
 *
 * ```
 *   closed --open()--> connecting: find the server, connect <---------+
 *     ^                    |        ^      |                          | broken, a deadline passed,
 *     |                    v        +------+ failed: backoff          | or the wrong server
 *     +---- close() ---- ready ---------------------------------------+
 * ```
 */
export class ConnectionKeeper {
  readonly #options: KeepOptions;
  readonly #connector: Connector;
  readonly #deadlines: Deadlines;
  readonly #log: ConnectionLog;
  #client: RedisClient | undefined;
  /** Which server was met last, if that is known. */
  #server: string | undefined;
  #wasReady = false;
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
  readonly #readyListeners = new Set<() => void>();
  readonly #lostListeners = new Set<() => void>();
  /** Of the next time that a silent connection is made sure of. */
  #ping: Timer | undefined;
  #isProbing = false;

  /** @param deadlines - of this connection's calls */
  constructor(options: KeepOptions, deadlines: Deadlines) {
    this.#options = options;
    this.#deadlines = deadlines;
    this.#connector = new Connector(options, deadlines);
    this.#log = new ConnectionLog(options);
  }

  /** The connection, if there is one now. */
  get client(): RedisClient | undefined {
    return this.#client;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Connects, unless it is. A server that is not ready is waited for: see {@link untilFirstReady}. Rejects with
   * BrokerError if Redis does not answer in time, or refuses, or the connection is closed meanwhile.
   */
  async open(): Promise<void> {
    if (!this.#isClosed) return;
    this.#isClosed = false;
    this.#shortLives = 0;
    this.#openings += 1;
    const openings = this.#openings;
    try {
      await this.#reach();
    } catch (error) {
      if (openings === this.#openings) this.close();
      throw brokerError("connecting", error);
    }
    if (this.#isClosed || openings !== this.#openings) {
      throw new BrokerError("Redis: the connection was closed before it was made");
    }
  }

  /** Resolves when it has been connected once, or is closed. */
  async untilFirstReady(): Promise<void> {
    while (!this.#wasReady && !this.#isClosed) await this.untilReady();
  }

  /** Until the server was met: from then on nothing but time is missing, and the attempts go on by themselves. */
  async #reach(): Promise<void> {
    const { runtime, callTimeoutMs } = this.#options;
    const giveUpAtMs = runtime.clock.monotonic() + callTimeoutMs;
    const { promise: met, resolve } = Promise.withResolvers<void>();
    let isMet = false;
    const connecting = this.#keepConnecting((error) => {
      isMet ||= isNotReady(error);
      if (isMet) resolve();
      return !isMet && (!isPassing(error) || runtime.clock.monotonic() >= giveUpAtMs);
    });
    await Promise.race([connecting, met]);
  }

  /** Lets go of the socket at once. */
  close(): void {
    this.#isClosed = true;
    this.#attempt?.abort();
    this.#client = undefined;
    this.#ping?.cancel();
    this.#wake?.();
    this.#settle();
  }

  /** Calls back whenever the connection has been made. */
  onReady(listener: () => void): void {
    this.#readyListeners.add(listener);
  }

  /** Calls back whenever the connection is lost. */
  onLost(listener: () => void): void {
    this.#lostListeners.add(listener);
  }

  /** Which server it leads to; `undefined` if that is not known. */
  get server(): string | undefined {
    return this.#client === undefined ? undefined : this.#server;
  }

  /** Makes sure that the connection lives, and leads to a server that may have the namespace. */
  probe(): void {
    const client = this.#client;
    if (client === undefined || this.#isProbing) return;
    this.#isProbing = true;
    this.#deadlines
      .bound({ name: "a probe" }, this.#connector.probe(client))
      .catch((error: unknown) => {
        // A server that refuses lives.
        if (replyCode(error) === undefined || isMisled(error)) this.lose(client, error);
      })
      .finally(() => {
        this.#isProbing = false;
      });
  }

  /** Looks for the server again, since a connection that was made later has found another one by the same name. */
  lookAgain(): void {
    const error = new Error("a later connection of this process leads to another server");
    if (this.#client !== undefined) this.lose(this.#client, error);
  }

  /** Has each connection that is made from now on listen to a channel. */
  listen(subscription: Subscription): void {
    this.#subscription = subscription;
  }

  /** @throws BrokerError if there is no connection now */
  connected(): RedisClient {
    if (this.#client !== undefined) return this.#client;
    const reason = this.#log.lostBy ?? "not yet made";
    const state = this.#isClosed ? "is closed" : `is lost, and being made again (${reason})`;
    throw new BrokerError(`Redis: the connection ${state}`, {
      // Passes by itself.
      ...(!this.#isClosed && { cause: new Error("not connected") }),
    });
  }

  /** Resolves when it is connected, or closed. */
  async untilReady(): Promise<void> {
    if (this.#client !== undefined || this.#isClosed) return;
    this.#settled ??= Promise.withResolvers<void>();
    await this.#settled.promise;
  }

  /** Only a new socket helps where the old one is silent, broken, or leads to the wrong server. */
  lose(client: RedisClient, error: unknown, wasIdle = false): void {
    if (client !== this.#client || this.#isClosed) return;
    this.#client = undefined;
    this.#ping?.cancel();
    client.destroy();
    const livedMs = this.#options.runtime.clock.monotonic() - this.#readyAtMs;
    this.#shortLives = livedMs < RECONNECT_BACKOFF.capMs ? this.#shortLives + 1 : 0;
    this.#wasMisled = isMisled(error);
    if (wasIdle) this.#log.closedWhileIdle(error);
    else this.#log.lost(error);
    void this.#keepConnecting(() => false);
    for (const listener of this.#lostListeners) listener();
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
        this.#log.lost(error);
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
      const { client, server } = await this.#connector.connect({
        signal: attempt.signal,
        wasMisled: this.#wasMisled,
        subscription: this.#subscription,
      });
      attempt.signal.throwIfAborted();
      this.#use(client, server);
    } catch (error) {
      attempt.abort();
      throw error;
    }
  }

  #use(client: RedisClient, server: string | undefined): void {
    this.#log.back({ isElsewhere: this.#server !== server });
    this.#client = client;
    this.#server = server;
    this.#readyAtMs = this.#options.runtime.clock.monotonic();
    this.#wasMisled = false;
    this.#wasReady = true;
    this.#settle();
    this.#planPing();
    for (const listener of this.#readyListeners) listener();
    client.onLost((error) => {
      const wasIdle = this.#subscription === undefined && this.#deadlines.idleMs >= IDLE_AFTER_MS;
      this.lose(client, error, wasIdle && isClose(error));
    });
  }

  #planPing(): void {
    const { runtime, pingEveryMs } = this.#options;
    if (pingEveryMs === undefined) return;
    this.#ping = runtime.timers.set(() => {
      this.#planPing();
      this.probe();
    }, pingEveryMs);
  }
}
