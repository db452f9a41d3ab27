import type { Socket } from "node:net";

/** Most bytes of one connection that pass before another one has its turn. */
const PIECE_BYTES = 4096;

/** How late a timer may be, in ms: a lane that has been free for longer was free. */
const LATE_MS = 20;

interface Late {
  readonly to: Socket;
  readonly bytes: Buffer;
  /** When it is delivered at the earliest. */
  readonly atMs: number;
}

interface Load {
  readonly from: Socket;
  readonly to: Socket;
  readonly rest: Buffer;
}

/**
 * One direction of a line. It passes bytes at its bandwidth, and its connections share that in turn; a connection that
 * has not passed everything is not read from, as if the line were full.
 */
export class Lane {
  /** Bytes that have passed. */
  passedBytes = 0;
  #bytesPerS = Infinity;
  /** When what passes now has passed. */
  #freeAtMs = 0;
  #latencyMs = 0;
  readonly #loads: Load[] = [];
  /** What has passed and is on its way, in order: no timer decides that. */
  readonly #late: Late[] = [];
  #isPassing = false;

  /** From now on; infinite for as fast as can be. */
  narrow(bytesPerS: number): void {
    this.#bytesPerS = bytesPerS;
  }

  /** So long bytes are on their way from now on, in ms, after they have passed. */
  lengthen(latencyMs: number): void {
    this.#latencyMs = latencyMs;
  }

  pass(from: Socket, to: Socket, chunk: Buffer): void {
    if (this.#bytesPerS === Infinity && this.#loads.length === 0) {
      this.#write(to, chunk);
      return;
    }
    from.pause();
    this.#loads.push({ from, to, rest: chunk });
    if (!this.#isPassing) this.#passNext();
  }

  #passNext(): void {
    const load = this.#loads.shift();
    this.#isPassing = load !== undefined;
    if (load === undefined) return;
    const { from, to, rest } = load;
    if (to.destroyed) {
      this.#passNext();
      return;
    }
    const piece = rest.subarray(0, PIECE_BYTES);
    const pass = (): void => {
      this.#write(to, piece);
      if (piece.length === rest.length) from.resume();
      else this.#loads.push({ from, to, rest: rest.subarray(piece.length) });
      this.#passNext();
    };
    // By the time that it takes, summed up: timers are late, each by a little, and what they cost is made up for.
    const nowMs = performance.now();
    const sinceMs = Math.max(nowMs - LATE_MS, this.#freeAtMs);
    this.#freeAtMs = sinceMs + (piece.length / this.#bytesPerS) * 1000;
    if (this.#freeAtMs - nowMs < 1) queueMicrotask(pass);
    else setTimeout(pass, this.#freeAtMs - nowMs);
  }

  #write(to: Socket, bytes: Buffer): void {
    this.passedBytes += bytes.length;
    if (this.#latencyMs === 0 && this.#late.length === 0) {
      to.write(bytes);
      return;
    }
    this.#late.push({ to, bytes, atMs: performance.now() + this.#latencyMs });
    if (this.#late.length === 1) this.#deliver();
  }

  #deliver(): void {
    for (let next = this.#late[0]; next !== undefined; next = this.#late[0]) {
      const waitMs = next.atMs - performance.now();
      if (waitMs > 0) {
        setTimeout(() => this.#deliver(), waitMs);
        return;
      }
      if (!next.to.destroyed) next.to.write(next.bytes);
      this.#late.shift();
    }
  }
}
