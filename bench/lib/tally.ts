/** Notes which jobs ran, and tells when the last one has. */
export class Tally {
  readonly #runs: Uint8Array;
  readonly #done = Promise.withResolvers<void>();
  readonly #count: number;
  #ran = 0;

  constructor(count: number) {
    this.#count = count;
    this.#runs = new Uint8Array(count);
  }

  /** How many runs there were. */
  get ran(): number {
    return this.#ran;
  }

  /** Resolves when there were as many runs as jobs. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  note(index: number): void {
    this.#runs[index] = (this.#runs[index] ?? 0) + 1;
    this.#ran += 1;
    if (this.#ran === this.#count) this.#done.resolve();
  }

  /** To be called when the workers have ended. @throws Error if a job ran twice or not at all */
  expectEachOnce(): void {
    const wrong = this.#runs.findIndex((times) => times !== 1);
    if (wrong === -1 && this.#ran === this.#count) return;
    throw new Error(`job ${wrong} ran ${this.#runs[wrong]} times, not once`);
  }
}
