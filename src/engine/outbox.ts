import type { StoredJob } from "../core/job.ts";
import type { Outcome } from "../core/outcome.ts";

/** A request that failed may still take effect, later: after this time, in ms, it is looked for again. */
const LATE_EFFECT_MS = 60_000;

/** What the broker is to be told, and when to look for jobs that came in a reply that was lost. */
export class Outbox {
  #waiting: Outcome[] = [];
  #underway: readonly Outcome[] = [];
  #lookAtMs = Infinity;
  #lookAgainAtMs = Infinity;

  /** Whether there is nothing to tell. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** The jobs of all that was not told for certain, oldest first. */
  get jobs(): readonly StoredJob[] {
    return [...this.#underway, ...this.#waiting].map(({ stored }) => stored);
  }

  /** When to look for jobs of lost replies, on the monotonic clock; infinite for never. */
  get lookAtMs(): number {
    return this.#lookAtMs;
  }

  add(outcome: Outcome): void {
    this.#waiting.push(outcome);
  }

  /** What a trip tells; then it was `told`, or `failed`. */
  take(): readonly Outcome[] {
    this.#underway = this.#waiting;
    this.#waiting = [];
    return this.#underway;
  }

  told(): void {
    this.#underway = [];
  }

  /**
   * Whether the trip took effect is unknown. Told twice, an outcome settles once; jobs that it may have taken
   * must be looked for: now, and once more when it could still have come late.
   */
  failed(nowMs: number): void {
    this.#waiting = [...this.#underway, ...this.#waiting];
    this.#underway = [];
    this.mustLook(nowMs);
  }

  /** A request may have taken jobs; or may do so still. */
  mustLook(nowMs: number): void {
    this.#lookAtMs = nowMs;
    this.#lookAgainAtMs = nowMs + LATE_EFFECT_MS;
  }

  looked(): void {
    this.#lookAtMs = this.#lookAgainAtMs;
    this.#lookAgainAtMs = Infinity;
  }

  /** The lease is lost: there is nothing to say, and nothing to look for. */
  clear(): void {
    this.#waiting = [];
    this.#underway = [];
    this.#lookAtMs = Infinity;
    this.#lookAgainAtMs = Infinity;
  }

  /** Takes in what another one holds, which came before. */
  inherit(other: Outbox): void {
    this.#waiting = [...other.#waiting, ...this.#waiting];
    this.#lookAtMs = Math.min(this.#lookAtMs, other.#lookAtMs);
    this.#lookAgainAtMs = Math.min(this.#lookAgainAtMs, other.#lookAgainAtMs);
  }
}
