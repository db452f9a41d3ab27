import { MAX_BYTES_PER_CALL } from "../broker.ts";

/** How many bytes of jobs the next call may carry: fewer after one that was late, and as many as before once they arrive. */
export class ByteBound {
  #bytes = MAX_BYTES_PER_CALL;

  get bytes(): number {
    return this.#bytes;
  }

  /** A call that carried so many has arrived. One far below the bound says nothing of it. */
  arrived(bytes: number): void {
    if (bytes * 2 >= this.#bytes) this.#bytes = Math.min(MAX_BYTES_PER_CALL, this.#bytes * 2);
  }

  /** A call was late. @param bytes - what it carried, if that is known: the next one carries less */
  late(bytes: number = this.#bytes): void {
    this.#bytes = Math.max(1, Math.floor(Math.min(bytes, this.#bytes) / 2));
  }
}
