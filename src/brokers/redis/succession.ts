import type { Logger } from "../../platform/logger.ts";
import { type RedisClient, replyIfAllowed } from "./redis-client.ts";

/** What is made anew. */
export interface SuccessionOptions {
  /** What the connection is for, in logs. */
  readonly purpose: string;
  readonly logger: Logger;
}

/** By what a server knows a connection. Ids start anew when it restarts: over TCP, both together name one. */
interface ConnectionName {
  readonly id: string;
  readonly address: string;
}

/**
 * Has each connection end the one before it at the server, before it is used itself. For a socket that is closed
 * here may have left requests behind, in a proxy or in the system, which would arrive and take effect any time later.
 * Only the one before, and only where it was at the same server.
 */
export class Succession {
  readonly #options: SuccessionOptions;
  /** The connection that was used last; its name is `undefined` where the server did not tell it. */
  #last: { readonly name: ConnectionName | undefined } | undefined;
  #wasRefused = false;

  constructor(options: SuccessionOptions) {
    this.#options = options;
  }

  /** Rejects if the new connection breaks, or the server is busy: then nothing has been taken over. */
  async takeOver(client: RedisClient): Promise<void> {
    const info = await replyIfAllowed(client, ["CLIENT", "INFO"]);
    if (this.#last !== undefined && !(await hasEnded(client, this.#last.name))) this.#report();
    this.#last = { name: nameIn(info) };
  }

  #report(): void {
    if (this.#wasRefused) return;
    this.#wasRefused = true;
    const { purpose, logger } = this.#options;
    logger.warn(
      { connection: purpose },
      "the lost connection could not be ended at Redis: a request that is still on its way may take effect late; " +
        "if the server has CLIENT INFO and CLIENT KILL, let this user run them",
    );
  }
}

/** Whether nothing of that connection can take effect any more. */
async function hasEnded(client: RedisClient, name: ConnectionName | undefined): Promise<boolean> {
  if (name === undefined) return false;
  const { id, address } = name;
  // All clients of a unix socket have the same address. Nothing stands in between that could keep a request back.
  if (address.endsWith(":0")) return true;
  const killed = await replyIfAllowed(client, ["CLIENT", "KILL", "ID", id, "ADDR", address]);
  return killed !== undefined;
}

/** @param info - reply of CLIENT INFO */
function nameIn(info: unknown): ConnectionName | undefined {
  const found = /^id=(?<id>\d+) addr=(?<address>\S+) /v.exec(String(info));
  const { id, address } = found?.groups ?? {};
  return id === undefined || address === undefined ? undefined : { id, address };
}
