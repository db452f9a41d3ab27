import type { Runtime, Timer } from "../../platform/runtime.ts";

/** Looks within the time after which a loop counts as blocked. */
const LOOKS = 5;

/** What a watch is made of. */
export interface LoopWatchParts {
  readonly runtime: Runtime;
  /** A count that changes while the loop turns. */
  readonly signsOfLife: () => number;
  /** After so long without a sign, in ms, it is blocked. */
  readonly blockedAfterMs: number;
  /** After so long, in ms, it is stuck: nobody expects it back. */
  readonly stuckAfterMs: number;
  /** Called once a block. */
  readonly onBlocked: () => void;
  /** Called once a block. */
  readonly onStuck: () => void;
}

/** Watches, from a thread, whether the event loop of the process turns. */
export class LoopWatch {
  readonly #parts: LoopWatchParts;
  #signs = 0;
  /** When the count was last seen to change, on the monotonic clock. */
  #changedAtMs: number;
  #lookedAtMs: number;
  #state: "turning" | "blocked" | "stuck" = "turning";
  #timer: Timer | undefined;

  constructor(parts: LoopWatchParts) {
    this.#parts = parts;
    this.#changedAtMs = parts.runtime.clock.monotonic();
    this.#lookedAtMs = this.#changedAtMs;
  }

  get isStuck(): boolean {
    return this.#state === "stuck";
  }

  start(): void {
    this.#look();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #look(): void {
    const { runtime, signsOfLife, blockedAfterMs, stuckAfterMs } = this.#parts;
    const everyMs = Math.ceil(Math.min(blockedAfterMs, stuckAfterMs) / LOOKS);
    this.#timer = runtime.timers.set(() => {
      this.#look();
    }, everyMs);
    const nowMs = runtime.clock.monotonic();
    // Whoever looks so late was suspended, and the loop with it.
    const wasSuspended = nowMs - this.#lookedAtMs > 2 * everyMs;
    this.#lookedAtMs = nowMs;
    const signs = signsOfLife();
    if (signs !== this.#signs || wasSuspended) {
      this.#signs = signs;
      this.#changedAtMs = nowMs;
      this.#state = "turning";
    }
    this.#judge(nowMs - this.#changedAtMs);
  }

  #judge(silentMs: number): void {
    const { blockedAfterMs, stuckAfterMs, onBlocked, onStuck } = this.#parts;
    if (this.#state === "turning" && silentMs > blockedAfterMs) {
      this.#state = "blocked";
      onBlocked();
    }
    if (this.#state !== "stuck" && silentMs > stuckAfterMs) {
      this.#state = "stuck";
      onStuck();
    }
  }
}
