import type { Socket } from "node:net";
import type { PeerCertificate } from "node:tls";

import type * as RedisPackage from "@redis/client";

import { BrokerError } from "../../core/errors.ts";
import { watchSocket } from "../../platform/watch-socket.ts";
import { type AnsweredNode, answeredNode, identityError } from "./asked-options.ts";
import type { ScriptCall } from "./lua-scripts.ts";
import { isOldProtocol, isPassing, replyCode } from "./redis-errors.ts";
import type { RedisNode } from "./redis-node.ts";

/** What a broker needs of a connection to one Redis server. It breaks once, and is not made again. */
export interface RedisClient {
  /** Scripts that have run on it, by their `sha1`: the server knows them. */
  readonly knownScripts: Set<string>;
  /** Bytes that have come so far; `undefined` where the socket cannot be seen. */
  readonly receivedBytes: number | undefined;
  connect(): Promise<void>;
  /** Closes at once; commands under way are rejected. Safe at any time. */
  destroy(): void;
  call(args: readonly string[]): Promise<unknown>;
  evalSha(sha1: string, keys: string[], args: string[]): Promise<unknown>;
  eval(text: string, keys: string[], args: string[]): Promise<unknown>;
  subscribe(channel: string, listener: (message: string) => void): Promise<void>;
  /** Calls back when the connection is broken, at once if it is. */
  onLost(listener: (error: unknown) => void): void;
}

/** What a broker's connection adds to the user's options. */
export interface ConnectionTuning {
  /** Longest time that making a connection may take, in ms. */
  readonly connectTimeoutMs: number;
  /** Aborted to let go of it, at any time. */
  readonly signal: AbortSignal;
  /** A connection that is silent for longer is given up, in ms. */
  readonly silenceTimeoutMs?: number | undefined;
}

/** Of either protocol. */
type PackageOptions = RedisPackage.RedisClientOptions<
  RedisPackage.RedisModules,
  RedisPackage.RedisFunctions,
  RedisPackage.RedisScripts,
  2 | 3
>;
type PackageClient = ReturnType<typeof duplicateOf>;

function duplicateOf(like: ReturnType<typeof RedisPackage.createClient>, options: PackageOptions) {
  return like.duplicate(options);
}

/** Servers, and what stands before them, that know the older protocol only. */
const oldOnes = new WeakSet<RedisNode>();

/** Rejects with BrokerError if the optional peer dependency is not installed, or with why its credentials are not known. */
export async function createRedisClient(
  node: RedisNode,
  tuning: ConnectionTuning,
): Promise<RedisClient> {
  const like = await loadPattern();
  const answered = await answeredNode(node);
  const { signal } = tuning;
  const givenUp = new AbortController();
  let lost: { readonly error: unknown } | undefined;
  let onLost: ((error: unknown) => void) | undefined;
  let used: Socket | undefined;
  const make = (): PackageClient => {
    const options = packageOptions(answered, { ...tuning, givenUp: givenUp.signal });
    const made = duplicateOf(like, { ...options, ...(oldOnes.has(node) && { RESP: 2 }) });
    made.on("error", (error: unknown) => {
      // One that was tried in the newer protocol is not the one that is used.
      if (lost !== undefined || made !== client) return;
      lost = { error };
      onLost?.(error);
    });
    return made;
  };
  let client = make();
  const destroy = (): void => {
    endClient(client);
    givenUp.abort();
  };
  if (signal.aborted) destroy();
  signal.addEventListener("abort", destroy, { once: true });
  const connect = async (): Promise<void> => {
    if (givenUp.signal.aborted) throw new Error("the connection was given up");
    used = await watchSocket(() => client.connect());
  };
  return {
    knownScripts: new Set(),
    get receivedBytes() {
      return used?.bytesRead;
    },
    connect: async () => {
      try {
        await connect();
      } catch (error) {
        if (oldOnes.has(node) || !isOldProtocol(error)) throw error;
        oldOnes.add(node);
        endClient(client);
        lost = undefined;
        client = make();
        await connect();
      }
    },
    destroy,
    ...callsOf(() => client),
    onLost: (listener) => {
      onLost = listener;
      if (lost !== undefined) listener(lost.error);
    },
  };
}

/** @param client - the one that is used by then */
function callsOf(
  client: () => PackageClient,
): Pick<RedisClient, "call" | "evalSha" | "eval" | "subscribe"> {
  return {
    call: (args) => client().sendCommand([...args]),
    // Their own methods of the package copy the arguments twice more.
    evalSha: (sha1, keys, args) => client().sendCommand(scriptCommand("EVALSHA", sha1, keys, args)),
    eval: (text, keys, args) => client().sendCommand(scriptCommand("EVAL", text, keys, args)),
    subscribe: async (channel, listener) => client().subscribe(channel, listener),
  };
}

function packageOptions(
  { socket: { checkServerIdentity, ...socket } = {}, ...node }: AnsweredNode,
  {
    connectTimeoutMs,
    silenceTimeoutMs,
    givenUp,
  }: ConnectionTuning & { readonly givenUp: AbortSignal },
): PackageOptions {
  // The package writes into what it is given.
  const own = structuredClone(node);
  return {
    RESP: 3,
    ...own,
    socket: {
      connectTimeout: connectTimeoutMs,
      ...structuredClone(socket),
      ...(checkServerIdentity !== undefined && {
        checkServerIdentity: (host: string, certificate: PeerCertificate) =>
          identityError(checkServerIdentity, host, certificate),
      }),
      reconnectStrategy: false,
      // The package forgets a socket that is given up before it is connected, and leaves it open.
      signal: givenUp,
      ...(silenceTimeoutMs !== undefined && { socketTimeout: silenceTimeoutMs }),
    },
    disableOfflineQueue: true,
    // By default each call makes a signal with a timer, for the time until it is written: ours have a deadline.
    commandOptions: { timeout: 0 },
    // Only the newer protocol has them, and a connection that heals itself needs none.
    maintNotifications: "disabled",
  };
}

function endClient(client: PackageClient): void {
  try {
    client.destroy();
  } catch {
    // It says so of one that is broken already.
  }
}

function scriptCommand(
  command: "EVAL" | "EVALSHA",
  script: string,
  keys: readonly string[],
  args: readonly string[],
): string[] {
  return [command, script, String(keys.length), ...keys, ...args];
}

/** With so many bytes as arguments, a script that may not be known is better sent along than the arguments twice. */
const LARGE_BYTES = 64 * 1024;

/**
 * Rejects as the client does.
 * @param sentBytes - of its arguments
 */
export async function runScript(
  client: RedisClient,
  { script, keys, args }: ScriptCall,
  sentBytes: number,
): Promise<unknown> {
  const { knownScripts } = client;
  if (sentBytes < LARGE_BYTES || knownScripts.has(script.sha1)) {
    try {
      const reply = await client.evalSha(script.sha1, keys, args);
      knownScripts.add(script.sha1);
      return reply;
    } catch (error) {
      if (replyCode(error) !== "NOSCRIPT") throw error;
    }
  }
  const reply = await client.eval(script.text, keys, args);
  knownScripts.add(script.sha1);
  return reply;
}

/** `undefined` where a user may not ask, or what stands in between does not know the command. */
export async function replyIfAllowed(
  client: RedisClient,
  args: readonly string[],
): Promise<unknown> {
  try {
    return await client.call(args);
  } catch (error) {
    // Whom a broken connection or a busy server has not answered may be allowed to.
    if (isPassing(error)) throw error;
    return undefined;
  }
}

let pattern: ReturnType<typeof RedisPackage.createClient> | undefined;

/**
 * A client that never connects, to make others like it: each one that `createClient` makes is of a class of its
 * own with all commands of Redis, which takes 20 MiB until it is collected, at each new connection.
 */
async function loadPattern(): Promise<ReturnType<typeof RedisPackage.createClient>> {
  const { createClient } = await loadRedisPackage();
  pattern ??= createClient();
  return pattern;
}

/** Loads the package of the client. Rejects with BrokerError if it is not installed. */
export async function loadRedisPackage(): Promise<typeof RedisPackage> {
  try {
    return await import("@redis/client");
  } catch (error) {
    throw new BrokerError(
      "RedisBroker needs the package @redis/client: npm install @redis/client",
      { cause: error },
    );
  }
}
