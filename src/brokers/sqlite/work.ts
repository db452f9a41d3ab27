import type { NamespaceSession } from "./namespace-session.ts";

/** What a piece of work inside one transaction has at hand. */
export interface Work {
  readonly space: NamespaceSession;
  /** Epoch ms. */
  readonly nowMs: number;
  /** Where there may be something for idle processes, once the work is committed. */
  readonly woken: Woken;
}

/** Queues to be looked at. */
export class Woken {
  readonly queues: Set<string> = new Set();
  /** Whether it could be any queue. */
  any = false;

  get isEmpty(): boolean {
    return !this.any && this.queues.size === 0;
  }
}
