import type * as RedisPackage from "@redis/client";

import { BrokerError } from "../../core/errors.ts";

/** What a broker needs of a connection to Redis. */
export interface RedisClient {
  connect(): Promise<void>;
  /** Closes at once; commands under way are rejected. Safe at any time. */
  destroy(): void;
  evalSha(sha1: string, keys: string[], args: string[]): Promise<unknown>;
  eval(text: string, keys: string[], args: string[]): Promise<unknown>;
  subscribe(channel: string, listener: (message: string) => void): Promise<void>;
  /** Deletes every key that matches, in steps. */
  deleteMatching(pattern: string): Promise<void>;
  onStateChange(listener: (state: "ready" | "lost", error?: unknown) => void): void;
}

/**
 * How to reach Redis: options of `createClient` of `@redis/client`. Plain data, because the heartbeat
 * thread makes a connection of its own.
 */
export interface RedisOptions {
  /** `redis[s]://[[username][:password]@][host][:port][/database]` */
  readonly url?: string;
  readonly username?: string;
  readonly password?: string;
  readonly database?: number;
  readonly socket?: Readonly<Record<string, unknown>>;
}

/** What an arbiter's connection adds to the user's options. */
export interface ConnectionTuning {
  /** Delay before attempt number `retries` to connect again, in ms. */
  readonly reconnectDelayMs: (retries: number) => number;
  /** Sends PING so often, in ms, and gives a silent connection up after three times that. */
  readonly pingEveryMs?: number;
}

/** @throws BrokerError if the optional peer dependency is not installed */
export async function createRedisClient(
  options: RedisOptions,
  { reconnectDelayMs, pingEveryMs }: ConnectionTuning,
): Promise<RedisClient> {
  const { createClient } = await loadPeer();
  const ping = pingEveryMs === undefined ? {} : { pingInterval: pingEveryMs };
  const socket = {
    ...options.socket,
    reconnectStrategy: reconnectDelayMs,
    ...(pingEveryMs !== undefined && { socketTimeout: 3 * pingEveryMs }),
  };
  const client = createClient({ ...options, ...ping, socket, disableOfflineQueue: true });
  return {
    connect: async () => {
      await client.connect();
    },
    destroy: () => {
      if (client.isOpen) client.destroy();
    },
    evalSha: (sha1, keys, args) => client.evalSha(sha1, { keys, arguments: args }),
    eval: (text, keys, args) => client.eval(text, { keys, arguments: args }),
    subscribe: async (channel, listener) => client.subscribe(channel, listener),
    deleteMatching: async (pattern) => {
      for await (const keys of client.scanIterator({ MATCH: pattern, COUNT: 1000 })) {
        if (keys.length > 0) await client.unlink(keys);
      }
    },
    onStateChange: (listener) => {
      client.on("ready", () => {
        listener("ready");
      });
      client.on("error", (error: unknown) => {
        listener("lost", error);
      });
    },
  };
}

async function loadPeer(): Promise<typeof RedisPackage> {
  try {
    return await import("@redis/client");
  } catch (error) {
    throw new BrokerError(
      "RedisBroker needs the package @redis/client: npm install @redis/client",
      {
        cause: error,
      },
    );
  }
}
