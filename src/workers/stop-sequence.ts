import { MAX_TIMER_MS } from "../core/constants.ts";
import type { Runtime, Timer } from "../platform/runtime.ts";

/**
 * How long tasks may take to react to the abort of their signals before they are given up, in ms:
 * enough to roll back, short enough that a container's 30 s hold the default 25 s stop and this.
 */
const ABORT_GRACE_MS = 1000;

/** What a stop does to the workers it stops. */
export interface StopTarget {
  readonly runtime: Runtime;
  isIdle(): boolean;
  abort(): void;
  giveUp(): void;
  /** Called once, at the end. */
  ended(): void;
}

/**
 * The steps of a stop. It ends as soon as no job runs, and in any case after the last step.
 *
 * ```
 *   open --run(timeout)--> waiting --timeout--> aborting --ABORT_GRACE_MS--> ended
 *                             |                    |                           ^
 *                             +----- no job runs --+---------------------------+
 * ```
 */
export class StopSequence {
  #target: StopTarget | undefined;
  #timer: Timer | undefined;
  #state: "open" | "waiting" | "aborting" | "ended" = "open";
  #deadlineMs = Infinity;
  readonly #ended = Promise.withResolvers<void>();

  get isRequested(): boolean {
    return this.#state !== "open";
  }

  /** Starts the sequence, or, if it runs, brings its deadline forward. Resolves at its end. */
  async run(timeoutMs: number, target: StopTarget): Promise<void> {
    if (this.#state === "open") {
      this.#target = target;
      this.#state = "waiting";
    }
    if (this.#state === "waiting") this.#setDeadline(timeoutMs, target);
    this.jobEnded();
    await this.#ended.promise;
  }

  /** To be called after each job: the last one ends the sequence. */
  jobEnded(): void {
    if (this.#target?.isIdle() === true) this.#end(this.#target);
  }

  #setDeadline(timeoutMs: number, target: StopTarget): void {
    const { clock, timers } = target.runtime;
    const deadlineMs = clock.monotonic() + timeoutMs;
    if (deadlineMs >= this.#deadlineMs) return;
    this.#deadlineMs = deadlineMs;
    this.#timer?.cancel();
    if (timeoutMs === 0) this.#abort(target);
    else if (timeoutMs <= MAX_TIMER_MS) {
      this.#timer = timers.set(() => {
        this.#abort(target);
      }, timeoutMs);
    }
  }

  #abort(target: StopTarget): void {
    this.#state = "aborting";
    this.#timer = target.runtime.timers.set(() => {
      target.giveUp();
    }, ABORT_GRACE_MS);
    target.abort();
  }

  #end(target: StopTarget): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#timer?.cancel();
    target.ended();
    this.#ended.resolve();
  }
}
