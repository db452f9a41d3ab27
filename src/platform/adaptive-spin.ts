/** A wait that ended within this time is followed by another such one, as often as not, in ms. */
const QUICK_MS = 0.2;

/** Most waits that go without a spin after one that was in vain: 2 to this power. */
const MAX_DOUBLINGS = 10;

/**
 * Whether to begin a wait awake. Where the machine is a virtual one, waking a thread whose core has gone to
 * sleep takes longer than a short job and all that belongs to it. But where who is waited for needs this core,
 * being awake only holds it up. So only quick waits that follow each other spin, and each spin in vain doubles
 * the number of those that do not.
 */
export class AdaptiveSpin {
  /** Longest spin, in ms. */
  static readonly MAX_MS = 0.1;
  #isQuick = false;
  #doublings = 0;
  #skips = 0;

  /** To be asked once a wait. */
  get isWorthIt(): boolean {
    if (!this.#isQuick) return false;
    if (this.#skips === 0) return true;
    this.#skips -= 1;
    return false;
  }

  spun(hasSucceeded: boolean): void {
    this.#doublings = hasSucceeded ? 0 : Math.min(this.#doublings + 1, MAX_DOUBLINGS);
    this.#skips = hasSucceeded ? 0 : 2 ** this.#doublings;
  }

  slept(durationMs: number): void {
    this.#isQuick = durationMs < QUICK_MS;
  }
}
