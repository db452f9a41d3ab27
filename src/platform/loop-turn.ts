import type { Runtime } from "./runtime.ts";

/** So long calls that need not wait may settle without a turn of the event loop, in ms. */
const MAX_TURN_MS = 5;

/**
 * Keeps calls that could settle at once from starving the event loop: who awaits one after the other would let no
 * timer, socket or job in between. Knows when the loop has turned by itself, so that a lone call waits for nothing.
 */
export class LoopTurn {
  readonly #runtime: Pick<Runtime, "clock" | "timers">;
  /** When the first call of this turn began, on the monotonic clock. */
  #beganAtMs: number | undefined;
  #turned: Promise<void> | undefined;

  constructor(runtime: Pick<Runtime, "clock" | "timers">) {
    this.#runtime = runtime;
  }

  /** To be called as a call begins. */
  begin(): void {
    if (this.#beganAtMs !== undefined) return;
    this.#beganAtMs = this.#runtime.clock.monotonic();
    this.#turned = this.#turn();
  }

  /** What a call should await before it settles, since this turn has lasted long; `undefined` if it has not. */
  get wait(): Promise<void> | undefined {
    if (this.#beganAtMs === undefined) return undefined;
    const lastedMs = this.#runtime.clock.monotonic() - this.#beganAtMs;
    return lastedMs >= MAX_TURN_MS ? this.#turned : undefined;
  }

  /**
   * `begin` and `wait` of a call that takes no time and knows what time it is: to ask a clock again would be a good part
   * of its cost. That clock may jump.
   */
  waitAt(nowMs: number): Promise<void> | undefined {
    if (this.#beganAtMs === undefined) {
      this.#beganAtMs = nowMs;
      this.#turned = this.#turn();
      return undefined;
    }
    const lastedMs = Math.abs(nowMs - this.#beganAtMs);
    return lastedMs >= MAX_TURN_MS ? this.#turned : undefined;
  }

  /** Settles as a call does, after a turn of the event loop where that is due. */
  async settled<Result>(call: Promise<Result>): Promise<Result> {
    this.begin();
    try {
      const result = await call;
      await this.wait;
      return result;
    } catch (error) {
      return this.refuse(error);
    }
  }

  /** Rejects as a call that fails: who makes it again at once, until it is taken, must not starve the event loop either. */
  async refuse(error: unknown): Promise<never> {
    this.begin();
    await this.wait;
    throw error;
  }

  async #turn(): Promise<void> {
    await this.#runtime.timers.yield();
    this.#beganAtMs = undefined;
  }
}
