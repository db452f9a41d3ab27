import type { Patience, Wait } from "../../platform/deadlines.ts";
import type { Clock } from "../../platform/runtime.ts";

/** A line that moves fewer bytes, in bytes per ms, is as good as broken. */
const SLOWEST = 10;

/** Calls that send so many bytes tell how fast the line takes them; of shorter ones, the server's time is most. */
const MEASURED_BYTES = 64 * 1024;

/** A line may become so many times slower at once, and its calls are not late for it. */
const SLACK = 8;

/** Looks at a line in each time that a call may take: so late, at most, is its silence noticed. */
const LOOKS_PER_TIMEOUT = 4;

/** What a patience goes by. */
export interface LinePatienceOptions {
  readonly clock: Clock;
  /** Longest silence, in ms. */
  readonly timeoutMs: number;
  /** Bytes that have come over the connection; `undefined` where that cannot be seen. */
  readonly receivedBytes: () => number | undefined;
}

/**
 * How long a call on a connection is waited for. Replies come in order, so the oldest call stands for all. It is late
 *
 * - when no byte has come for `timeoutMs`, and for as long as what it sends may have taken: those bytes are in buffers
 *   of the system or of a proxy, and nobody here can see them move;
 * - in any case when the line was slower than 10 KB/s since.
 *
 * Where bytes cannot be seen, what the reply may bring counts as what is sent does.
 */
export class LinePatience implements Patience {
  readonly lookEveryMs: number;
  readonly #options: LinePatienceOptions;
  /** How fast it takes what is sent, in bytes per ms, as far as that is known. */
  #upload = SLOWEST;
  #oldest: Wait | undefined;
  /** Since when that one is the oldest, and how many bytes had come by then. */
  #sinceMs = 0;
  #receivedBefore = 0;
  #received = 0;
  #movedAtMs = 0;
  #lookedAtMs = 0;

  constructor(options: LinePatienceOptions) {
    this.#options = options;
    this.lookEveryMs = options.timeoutMs / LOOKS_PER_TIMEOUT;
  }

  untilMs(oldest: Wait, nowMs: number): number {
    const { timeoutMs } = this.#options;
    const received = this.#options.receivedBytes();
    this.#look(oldest, received ?? 0, nowMs);
    const { sentBytes = 0, expectedBytes = 0 } = oldest.awaited;
    const come = received === undefined ? expectedBytes : received - this.#receivedBefore;
    const slowestMs = this.#sinceMs + timeoutMs + (sentBytes + come) / SLOWEST;
    if (received === undefined) return slowestMs;
    const silentMs = timeoutMs + sentBytes / this.#upload;
    return Math.min(slowestMs, Math.max(this.#sinceMs, this.#movedAtMs) + silentMs);
  }

  answered({ awaited: { sentBytes = 0 }, startedMs }: Wait): void {
    if (sentBytes < MEASURED_BYTES) return;
    const tookMs = Math.max(1, this.#options.clock.monotonic() - startedMs);
    this.#upload = Math.max(SLOWEST, sentBytes / tookMs / SLACK);
  }

  /** A call was late: nothing is known of the line any more. */
  forget(): void {
    this.#upload = SLOWEST;
  }

  #look(oldest: Wait, received: number, nowMs: number): void {
    if (oldest !== this.#oldest) {
      this.#oldest = oldest;
      this.#sinceMs = Math.max(oldest.startedMs, this.#lookedAtMs);
      this.#receivedBefore = Math.min(received, this.#received);
    }
    if (received !== this.#received) this.#movedAtMs = nowMs;
    this.#received = received;
    this.#lookedAtMs = nowMs;
  }
}
