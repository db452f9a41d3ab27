import { MAX_BYTES_PER_CALL } from "../broker.ts";

/** How much of a call's bytes of jobs is left. The first job finds room, however large it is. */
export class ByteRoom {
  #left: number = MAX_BYTES_PER_CALL;
  #isFull = false;

  /** Whether a job has found no room, or the last one has taken all of it. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Takes room for a job. Returns whether there was enough. */
  take(bytes: number): boolean {
    const fits = bytes <= this.#left || this.#left === MAX_BYTES_PER_CALL;
    if (fits) this.#left -= bytes;
    this.#isFull ||= !fits || this.#left <= 0;
    return fits;
  }
}
