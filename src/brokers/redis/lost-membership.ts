import type { RedisConnection } from "./connection.ts";

/** What is needed to look at it. */
export interface LostMembershipParts {
  readonly connection: Pick<RedisConnection, "command" | "untilReady">;
  /** Of the name that the data has: see `RedisKeys.dataId`. */
  readonly key: string;
  readonly newId: () => string;
}

/**
 * Why a member is none any more. Others that took its jobs over leave no trace of it, and neither does a Redis that was
 * flushed or came back empty, but that one has lost the name of its data too, which the first member after that gives anew.
 */
export class LostMembership {
  readonly #parts: LostMembershipParts;
  #dataId: unknown;

  constructor(parts: LostMembershipParts) {
    this.#parts = parts;
  }

  /** To be called at each join. Never rejects: where Redis is full or refuses, the reason will not be known. */
  async joins(): Promise<void> {
    const { connection, key, newId } = this.#parts;
    const [, named] = await Promise.allSettled([
      connection.command(["SET", key, newId(), "NX"]),
      connection.command(["GET", key]),
    ]);
    this.#dataId = named.status === "fulfilled" ? named.value : undefined;
  }

  /** What to tell an operator. Never rejects. */
  async reason(): Promise<string> {
    const before = this.#dataId;
    const now = await this.#readAgain();
    const isKnown = typeof before === "string" && now !== undefined;
    if (!isKnown) return "its jobs were taken over by others, or Redis has lost them";
    return before === now
      ? "its jobs were taken over by others"
      : "Redis has lost its registration, and maybe its jobs: it was flushed, or came back empty";
  }

  /** A Redis that came back cut the connection: the loss may be known before the next one is made. */
  async #readAgain(): Promise<unknown> {
    const { connection, key } = this.#parts;
    const read = (): Promise<unknown> => connection.command(["GET", key]);
    try {
      return await read();
    } catch {
      await connection.untilReady();
      return read().catch(() => undefined);
    }
  }
}
