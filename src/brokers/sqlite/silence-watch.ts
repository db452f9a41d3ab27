/** What is seen of a broker. */
export interface Seen {
  readonly broker: number;
  /** A count that it raises while it lives. */
  readonly beats: number;
  readonly holdsJobs: boolean;
}

interface Watched extends Seen {
  readonly sinceMs: number;
}

/**
 * How long brokers have been silent, by the watcher's own clock: nobody's clock is compared with another's,
 * and none needs to be right.
 */
export class SilenceWatch {
  #watched = new Map<number, Watched>();

  /** Looks at all of them. Returns the time that each has been seen silent for, in ms. */
  look(all: readonly Seen[], nowMs: number): ReadonlyMap<number, number> {
    const before = this.#watched;
    this.#watched = new Map();
    const silentMs = new Map<number, number>();
    for (const seen of all) {
      const known = before.get(seen.broker);
      const isSame = known?.beats === seen.beats && known.holdsJobs === seen.holdsJobs;
      const sinceMs = isSame ? known.sinceMs : nowMs;
      this.#watched.set(seen.broker, { ...seen, sinceMs });
      silentMs.set(seen.broker, nowMs - sinceMs);
    }
    return silentMs;
  }

  /** From now on: what was before says nothing of the others. */
  restart(): void {
    this.#watched.clear();
  }
}
