import { BrokerError } from "../../core/errors.ts";
import { Deadlines } from "../../platform/deadlines.ts";
import { ConnectionKeeper, type KeepOptions } from "./connection-keeper.ts";
import { aClusterIsMet } from "./connector.ts";
import { type CarryingCall, LateCalls, LateError } from "./late-calls.ts";
import { LinePatience } from "./line-patience.ts";
import { boundQuarantine, type ScriptCall } from "./lua-scripts.ts";
import { QuarantineLog } from "./quarantine-log.ts";
import { type RedisClient, runScript } from "./redis-client.ts";
import { brokerError, isMisled, replyCode } from "./redis-errors.ts";
import { quarantineCountsKey } from "./redis-keys.ts";
import { array, textArray } from "./replies.ts";

/** The first part of a reply that tells of things set aside. */
const QUARANTINED = "quarantined";

/** From this length on, characters are not taken for bytes. */
const LONG = 1024;

/** What is known of a call beside its script. */
export interface CallDetails {
  /** In errors, what it is for. */
  readonly name?: string;
  /** How many bytes its reply may bring. */
  readonly expectedBytes?: number;
  /** Ids of the jobs that it carries. */
  readonly jobIds?: () => readonly string[];
}

/**
 * Calls on one connection to the server that has the namespace, which heals itself: see {@link ConnectionKeeper}. A call
 * fails when the connection breaks under it, or when it is late: see {@link LinePatience}; then the connection is made anew, since nobody
 * knows what became of it. Where the server allows it, it has no effect after a later call: see Succession.
 */
export class RedisConnection {
  readonly #options: KeepOptions;
  readonly #keeper: ConnectionKeeper;
  readonly #patience: LinePatience;
  readonly #deadlines: Deadlines;
  readonly #lateCalls = new LateCalls();
  readonly #quarantineLog: QuarantineLog;
  #isSubscribed = false;

  constructor(options: KeepOptions) {
    this.#options = options;
    this.#quarantineLog = new QuarantineLog(options.runtime, options.quarantine);
    const { runtime, callTimeoutMs: timeoutMs } = options;
    const { clock } = runtime;
    this.#patience = new LinePatience({
      clock,
      timeoutMs,
      receivedBytes: () => this.#keeper.client?.receivedBytes,
    });
    this.#deadlines = new Deadlines({
      runtime,
      timeoutMs,
      late: ({ name }, boundMs) =>
        new LateError(`${name} took longer than ${Math.round(boundMs)} ms`),
      patience: this.#patience,
    });
    this.#keeper = new ConnectionKeeper(options, this.#deadlines);
  }

  /**
   * Connects, unless it is; a server that is not ready is waited for in `untilFirstReady`. Rejects with BrokerError if
   * Redis does not answer in time, or refuses.
   */
  open(): Promise<void> {
    return this.#keeper.open();
  }

  /** Resolves when it has been connected once, or is closed. */
  untilFirstReady(): Promise<void> {
    return this.#keeper.untilFirstReady();
  }

  /** Resolves when it is connected, or closed. */
  untilReady(): Promise<void> {
    return this.#keeper.untilReady();
  }

  /** Lets go of the socket at once. Calls under way reject. */
  close(): void {
    this.#keeper.close();
    this.#deadlines.giveUp(({ name }) => new Error(`the connection was closed during ${name}`));
  }

  /** Calls back whenever the connection has been made. */
  onReady(listener: () => void): void {
    this.#keeper.onReady(listener);
  }

  /** Calls back whenever the connection is lost. */
  onLost(listener: () => void): void {
    this.#keeper.onLost(listener);
  }

  /** Which server it leads to; `undefined` if there is no connection, or that is not known. */
  get server(): string | undefined {
    return this.#keeper.server;
  }

  /** Makes sure that the connection lives, and leads to a server that may have the namespace; else it is made anew. */
  probe(): void {
    this.#keeper.probe();
  }

  /** Makes the connection anew, since one that was made later has found another server by the same name. */
  lookAgain(): void {
    this.#keeper.lookAgain();
  }

  /** Runs a script; sends it anew, whole, where Redis does not know it. Rejects with BrokerError. */
  async run(call: ScriptCall, details: CallDetails = {}): Promise<unknown> {
    const sentBytes = bytesOf(call.args);
    const carrying = { name: call.script.name, ...details, sentBytes };
    const reply = await this.#send(carrying, (client) => runScript(client, call, sentBytes));
    return this.#afterQuarantine(reply);
  }

  /**
   * Runs a script that may be repeated, again and again as long as the connection breaks under it. Waits for
   * one that is being made anew, for ever; `close` ends that. Rejects with BrokerError.
   */
  async runPatiently(call: ScriptCall): Promise<unknown> {
    for (;;) {
      await this.#keeper.untilReady();
      const { client } = this.#keeper;
      // Lost again, before anybody could use it.
      if (client === undefined && !this.#keeper.isClosed) continue;
      try {
        return await this.run(call);
      } catch (error) {
        const isReply = error instanceof BrokerError && replyCode(error.cause) !== undefined;
        if (this.#keeper.isClosed || this.#keeper.client === client || isReply) throw error;
      }
    }
  }

  /** Runs one command. Rejects with BrokerError. */
  async command(args: readonly string[]): Promise<unknown> {
    const call = { name: args[0] ?? "", sentBytes: bytesOf(args) };
    return this.#send(call, (client) => client.call(args));
  }

  /** Listens to a channel from now on, on each connection that is made. Rejects with BrokerError. */
  async subscribe(channel: string, listener: (message: string) => void): Promise<void> {
    if (this.#isSubscribed) return;
    await this.#send({ name: "subscribing" }, (client) => client.subscribe(channel, listener));
    // Only now: one that was refused must be tried again.
    this.#isSubscribed = true;
    this.#keeper.listen({ channel, listener });
  }

  /** How long the oldest call has been under way, in ms; 0 if there is none. */
  get oldestCallMs(): number {
    return Math.max(0, this.#options.runtime.clock.monotonic() - this.#deadlines.oldestStartedMs);
  }

  async #send(
    call: CarryingCall,
    send: (client: RedisClient) => Promise<unknown>,
  ): Promise<unknown> {
    const client = this.#keeper.connected();
    try {
      const reply = await this.#deadlines.bound(call, send(client));
      this.#lateCalls.answered(call);
      return reply;
    } catch (error) {
      throw this.#failure(call, client, error);
    }
  }

  /** What to tell of a call that failed. */
  #failure(call: CarryingCall, client: RedisClient, reason: unknown): BrokerError {
    const isLate = reason instanceof LateError;
    const error = isLate ? this.#lateCalls.late(call, reason) : reason;
    if (isLate) this.#patience.forget();
    if (isLate || isMisled(error)) this.#keeper.lose(client, error);
    const isCluster = replyCode(error) === "MOVED" && this.#options.target.kind === "single";
    return isCluster ? aClusterIsMet(error) : brokerError(call.name, error);
  }

  /** A script's own reply; what it had to set aside first is logged. See lua/lib/quarantine.lua. */
  #afterQuarantine(reply: unknown): unknown {
    if (!Array.isArray(reply) || reply[0] !== QUARANTINED) return reply;
    const [, notes, untold, entries, bytes, own] = array(reply);
    for (const note of textArray(notes)) {
      this.#quarantineLog.tell(
        { note },
        "set aside something that is no job, or of the wrong type",
      );
    }
    this.#quarantineLog.tellMore(Number(untold));
    void this.#boundQuarantine(Number(entries), Number(bytes));
    return own;
  }

  /** Nobody depends on it, and a bound that could not be kept now is kept the next time. */
  async #boundQuarantine(entries: number, bytes: number): Promise<void> {
    const { quarantine } = this.#options;
    const keys = { quarantine, quarantineCounts: quarantineCountsKey(quarantine) };
    try {
      const dropped = await this.run(boundQuarantine(keys, { entries, bytes }));
      if (Number(dropped) > 0) await this.#boundQuarantine(0, 0);
    } catch {
      // As said.
    }
  }
}

/** Short texts are counted by their characters, which are their bytes but for rare ones. */
function bytesOf(texts: readonly string[]): number {
  let bytes = 0;
  for (const text of texts) bytes += text.length < LONG ? text.length : Buffer.byteLength(text);
  return bytes;
}
