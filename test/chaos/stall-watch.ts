import type { FaultWindow } from "./fault.ts";
import { monotonicMs } from "./journal.ts";

const LOOK_EVERY_MS = 50;

/**
 * Notices when the machine gives this process no time: then it gives the others none either, and a lease may
 * run out that no fault of ours has taken. A stall is a fault that nobody planned.
 */
export class StallWatch {
  readonly windows: FaultWindow[] = [];
  readonly #shortestMs: number;
  #timer: NodeJS.Timeout | undefined;
  #lookedAtMs = 0;

  /** @param shortestMs - of a stall that counts */
  constructor(shortestMs: number) {
    this.#shortestMs = shortestMs;
  }

  start(): void {
    this.#lookedAtMs = monotonicMs();
    this.#timer = setInterval(() => {
      const sinceMs = this.#lookedAtMs;
      this.#lookedAtMs = monotonicMs();
      if (this.#lookedAtMs - sinceMs < this.#shortestMs) return;
      const untilMs = this.#lookedAtMs;
      this.windows.push({ name: "machine stalled", target: "machine", sinceMs, untilMs });
    }, LOOK_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
