/**
 * Most bytes of jobs that a call should carry. Redis copies each job three times on its way, and where a call has many
 * large ones it asks the system for fresh memory each time: 256 jobs of 64 KiB took it 2.4 times as long as 16 calls of
 * 16. And no script holds others up for long.
 */
export const MAX_BYTES: number = 1024 * 1024;

/** How many bytes of jobs the next call may carry: fewer after one that was late, and as many as before once they arrive. */
export class ByteBound {
  #bytes = MAX_BYTES;

  get bytes(): number {
    return this.#bytes;
  }

  /** A call that carried so many has arrived. One far below the bound says nothing of it. */
  arrived(bytes: number): void {
    if (bytes * 2 >= this.#bytes) this.#bytes = Math.min(MAX_BYTES, this.#bytes * 2);
  }

  /** A call was late. @param bytes - what it carried, if that is known: the next one carries less */
  late(bytes: number = this.#bytes): void {
    this.#bytes = Math.max(1, Math.floor(Math.min(bytes, this.#bytes) / 2));
  }
}
