import type { Runtime } from "../../platform/runtime.ts";
import { isNotReady } from "./redis-errors.ts";

/** How often a server that is waited for because it is not ready is told of, in ms. */
const REMIND_EVERY_MS = 60_000;

/** What tells of a connection. */
export interface ConnectionLogOptions {
  /** What it is for. */
  readonly purpose: string;
  readonly runtime: Pick<Runtime, "clock" | "logger">;
}

/**
 * Tells of a connection that is lost, and that it is back, once each. One that was closed while nobody used it is no
 * loss if the next attempt makes it anew, at the same server: servers and what stands before them close idle connections.
 */
export class ConnectionLog {
  readonly #options: ConnectionLogOptions;
  /** Why there is no connection, from the first failure until it is back. */
  #lostBy: string | undefined;
  /** Nothing is lost before it was there: who opens a connection is told why it could not be made. */
  #wasThere = false;
  /** When a warning came last, on the monotonic clock; `undefined` if none of this loss. */
  #warnedAtMs: number | undefined;
  /** Why the connection was closed while it was idle, until it is back. */
  #closedBy: unknown;

  constructor(options: ConnectionLogOptions) {
    this.#options = options;
  }

  /** Why there is no connection; `undefined` if nothing has failed. */
  get lostBy(): string | undefined {
    return this.#lostBy;
  }

  /** There is none now, or it could not be made again. */
  lost(err: unknown): void {
    const { purpose, runtime } = this.#options;
    this.#lostBy = err instanceof Error ? err.message || err.name : String(err);
    const isWaitedFor = isNotReady(err);
    if (!this.#isToldOf(isWaitedFor)) return;
    this.#warnedAtMs = runtime.clock.monotonic();
    const message = isWaitedFor
      ? `Redis is not ready, and waited for: ${this.#lostBy}`
      : "the connection to Redis is lost";
    runtime.logger.warn({ err, connection: purpose }, message);
  }

  /** The other end has closed it, while nobody used it. */
  closedWhileIdle(err: unknown): void {
    const { purpose, runtime } = this.#options;
    this.#lostBy = "it was closed while it was idle";
    this.#closedBy = err;
    runtime.logger.debug(
      { err, connection: purpose },
      "an idle connection to Redis was closed at the other end, and is made again",
    );
  }

  /** It was made; if at another server, that one was closed which was idle is worth a warning. */
  back({ isElsewhere }: { readonly isElsewhere: boolean }): void {
    const { purpose, runtime } = this.#options;
    if (isElsewhere && this.#closedBy !== undefined) this.lost(this.#closedBy);
    this.#closedBy = undefined;
    this.#wasThere = true;
    this.#lostBy = undefined;
    if (this.#warnedAtMs === undefined) return;
    this.#warnedAtMs = undefined;
    runtime.logger.warn({ connection: purpose }, "the connection to Redis is back");
  }

  #isToldOf(isWaitedFor: boolean): boolean {
    if (this.#warnedAtMs === undefined) return this.#wasThere || isWaitedFor;
    const sinceMs = this.#options.runtime.clock.monotonic() - this.#warnedAtMs;
    return isWaitedFor && sinceMs >= REMIND_EVERY_MS;
  }
}
