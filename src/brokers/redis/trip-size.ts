import { ByteBound } from "./byte-bound.ts";

/** What a job is taken to be before one has come. */
const FIRST_BYTES = 1024;

/**
 * How much a trip may bring. The script keeps to its bytes; its number of jobs, by the size of those that the last one
 * brought, is what Redis pops at once, so that it seldom has to put any back.
 */
export class TripSize {
  readonly #bound = new ByteBound();
  #bytesPerJob = FIRST_BYTES;

  /** Most bytes; one job comes, however large. */
  get bytes(): number {
    return this.#bound.bytes;
  }

  /** @param wanted - most jobs that there is room for */
  most(wanted: number): number {
    return Math.min(wanted, Math.max(1, Math.floor(this.#bound.bytes / this.#bytesPerJob)));
  }

  /** What a trip has brought. Its characters are counted, which are its bytes but for rare ones. */
  brought(wires: readonly string[]): void {
    if (wires.length === 0) return;
    let bytes = 0;
    for (const { length } of wires) bytes += length;
    this.#bytesPerJob = bytes / wires.length;
    this.#bound.arrived(bytes);
  }

  /** A trip was late: the next one brings less. */
  late(): void {
    this.#bound.late();
  }
}
