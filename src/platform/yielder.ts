import type { Runtime } from "./runtime.ts";

/** The loop is given back to sockets and timers at least this often, in ms. */
const YIELD_EVERY_MS = 5;

/** Keeps a loop, and the tasks that it starts, from having the event loop for themselves. */
export class Yielder {
  readonly #runtime: Runtime;
  #yieldedAtMs: number;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    this.#yieldedAtMs = runtime.clock.monotonic();
  }

  get isDue(): boolean {
    return this.#runtime.clock.monotonic() - this.#yieldedAtMs >= YIELD_EVERY_MS;
  }

  async yield(): Promise<void> {
    await this.#runtime.timers.yield();
    this.#yieldedAtMs = this.#runtime.clock.monotonic();
  }
}
