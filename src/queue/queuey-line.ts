import { KeepAlive } from "../platform/keep-alive.ts";
import type { QueueyBell } from "./queuey-bell.ts";
import type { QueueyLock } from "./queuey-lock.ts";

/** What a try came to: a result; or there was nothing to get; or another thread held the lock. */
export type Attempt<Result> = { readonly result: Result } | "nothing" | "locked";

/** Somebody in this thread who awaits. */
interface Caller<Result> {
  readonly attempt: () => Attempt<Result>;
  readonly settled: PromiseWithResolvers<Result>;
}

/** What a line waits for. */
export interface LineParts {
  readonly bell: QueueyBell;
  readonly lock: QueueyLock;
  /** To be told when a wake-up was more than this line needed. */
  readonly passOn: () => void;
}

/**
 * Those who await on one side of a Queuey in this thread, first come, first served. However many they are,
 * at most one wait for news and one for the lock are under way, because neither can be cancelled.
 *
 * ```
 *   join --> advance: serve from the head --+-- nobody left: done
 *              ^   ^                        +-- "nothing": wait for news ----+
 *              |   |                        +-- "locked":  wait for the lock |
 *              |   +----------------------------------------+                |
 *              +-------------------------------------------------------------+
 * ```
 */
export class QueueyLine<Result> {
  readonly #parts: LineParts;
  readonly #callers = new Set<Caller<Result>>();
  readonly #keepAlive = new KeepAlive();
  #awaitsNews = false;
  #awaitsLock = false;

  constructor(parts: LineParts) {
    this.#parts = parts;
  }

  /**
   * Resolves with the first result that an attempt has, rejects with what an attempt throws, or with the
   * reason of the signal.
   */
  async join(attempt: () => Attempt<Result>, signal: AbortSignal | undefined): Promise<Result> {
    signal?.throwIfAborted();
    const caller: Caller<Result> = { attempt, settled: Promise.withResolvers() };
    this.#callers.add(caller);
    this.#advance(false);
    if (signal === undefined || !this.#callers.has(caller)) return caller.settled.promise;
    const abort = (): void => {
      this.#leave(caller);
      caller.settled.reject(signal.reason);
    };
    signal.addEventListener("abort", abort, { once: true });
    try {
      return await caller.settled.promise;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  #advance(isWoken: boolean): void {
    const { bell, lock, passOn } = this.#parts;
    // Before the attempts: news that comes after them has another number.
    const seen = bell.readAsync();
    const lack = this.#serve();
    if (lack === undefined) {
      this.#keepAlive.release();
      if (isWoken) passOn();
      return;
    }
    this.#keepAlive.hold();
    if (lack === "locked") {
      if (this.#awaitsLock) return;
      this.#awaitsLock = true;
      void lock.freed().then(() => {
        this.#awaitsLock = false;
        this.#advance(isWoken);
      });
    } else if (!this.#awaitsNews) {
      // A wait that began earlier serves as well: it stands among the sleepers, and any news wakes it.
      this.#awaitsNews = true;
      void bell.news(seen).then(() => {
        this.#awaitsNews = false;
        this.#advance(true);
      });
    }
  }

  /** Serves callers from the head. Returns what the first who cannot be served lacks. */
  #serve(): "nothing" | "locked" | undefined {
    for (const caller of this.#callers) {
      let attempt: Attempt<Result>;
      try {
        attempt = caller.attempt();
      } catch (error) {
        this.#callers.delete(caller);
        caller.settled.reject(error);
        continue;
      }
      if (typeof attempt === "string") return attempt;
      this.#callers.delete(caller);
      caller.settled.resolve(attempt.result);
    }
    return undefined;
  }

  #leave(caller: Caller<Result>): void {
    this.#callers.delete(caller);
    // It may have kept others waiting that there is room for: one whose value is smaller, for example.
    this.#advance(false);
  }
}
