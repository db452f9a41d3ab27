/**
 * Most bytes of jobs that a trip should bring. Redis copies each job three times on its way, and where a trip has
 * many large ones it asks the system for fresh memory each time: 256 jobs of 64 KiB took it 2.4 times as long as 16
 * trips of 16.
 */
const MAX_BYTES = 1024 * 1024;

/** What a job is taken to be before one has come. */
const FIRST_BYTES = 1024;

/** How many jobs a trip may ask for: as many as fit, going by the size of those that the last one brought. */
export class TripSize {
  #bytesPerJob = FIRST_BYTES;

  /** @param wanted - most jobs that there is room for */
  most(wanted: number): number {
    return Math.min(wanted, Math.max(1, Math.floor(MAX_BYTES / this.#bytesPerJob)));
  }

  /** What a trip has brought. Its characters are counted, which are its bytes but for rare ones. */
  brought(wires: readonly string[]): void {
    if (wires.length === 0) return;
    let bytes = 0;
    for (const { length } of wires) bytes += length;
    this.#bytesPerJob = bytes / wires.length;
  }
}
