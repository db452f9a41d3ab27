import { type Backoff, backoffMs } from "../../core/backoff.ts";
import { BrokerError } from "../../core/errors.ts";
import type { Deadlines } from "../../platform/deadlines.ts";
import { type ConnectOptions, Connector, type Subscription } from "./connector.ts";
import type { RedisClient } from "./redis-client.ts";
import { brokerError, isMisled, isPassing } from "./redis-errors.ts";

/** Between attempts to connect again: for ever, but kind to a server that comes back. */
const RECONNECT_BACKOFF: Backoff = { baseMs: 25, capMs: 2000 };

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

  /** @param deadlines - of this connection's calls */
  constructor(options: KeepOptions, deadlines: Deadlines) {
    this.#options = options;
    this.#connector = new Connector(options, deadlines);
  }

  /** The connection, if there is one now. */
  get client(): RedisClient | undefined {
    return this.#client;
  }

  get isClosed(): boolean {
    return this.#isClosed;
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

  /** Lets go of the socket at once. */
  close(): void {
    this.#isClosed = true;
    this.#attempt?.abort();
    this.#client = undefined;
    this.#wake?.();
    this.#settle();
  }

  /** Calls back whenever the connection has been made again. */
  onReady(listener: () => void): void {
    this.#onReady = listener;
  }

  /** Looks for the server again if another connection has found it elsewhere. */
  follow(other: ConnectionKeeper): void {
    if (this.#client === undefined || this.#address === other.#address) return;
    this.lose(this.#client, new Error(`the namespace is at ${other.#address} now`));
  }

  /** Has each connection that is made from now on listen to a channel. */
  listen(subscription: Subscription): void {
    this.#subscription = subscription;
  }

  /** @throws BrokerError if there is no connection now */
  connected(): RedisClient {
    if (this.#client !== undefined) return this.#client;
    const reason = this.#lostBy ?? "not yet made";
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
  lose(client: RedisClient, error: unknown): void {
    if (client !== this.#client || this.#isClosed) return;
    this.#client = undefined;
    client.destroy();
    const livedMs = this.#options.runtime.clock.monotonic() - this.#readyAtMs;
    this.#shortLives = livedMs < RECONNECT_BACKOFF.capMs ? this.#shortLives + 1 : 0;
    this.#wasMisled = isMisled(error);
    this.#reportLost(error);
    void this.#keepConnecting(() => false);
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
      const { client, address } = await this.#connector.connect({
        signal: attempt.signal,
        wasMisled: this.#wasMisled,
        subscription: this.#subscription,
      });
      this.#use(client, address);
    } catch (error) {
      attempt.abort();
      throw error;
    }
  }

  #use(client: RedisClient, address: string): void {
    this.#client = client;
    this.#address = address;
    this.#readyAtMs = this.#options.runtime.clock.monotonic();
    this.#wasMisled = false;
    this.#reportBack();
    this.#wasReady = true;
    this.#settle();
    this.#onReady?.();
    client.onLost((error) => {
      this.lose(client, error);
    });
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
