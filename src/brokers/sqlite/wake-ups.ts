import type { WakeUpListener } from "../broker.ts";
import type { Woken } from "./work.ts";

/** All of this process, by file and namespace: they hear of each other's commits without a detour. */
const peersByPlace = new Map<string, Set<WakeUps>>();

/** Who in this process is told that there may be jobs. */
export class WakeUps {
  readonly #place: string;
  readonly #listeners = new Set<WakeUpListener>();

  /** @param place - the file and the namespace */
  constructor(place: string) {
    this.#place = place;
  }

  /** From now on this hears of what its peers commit. */
  join(): void {
    const peers = peersByPlace.get(this.#place);
    if (peers === undefined) peersByPlace.set(this.#place, new Set([this]));
    else peers.add(this);
  }

  leave(): void {
    const peers = peersByPlace.get(this.#place);
    peers?.delete(this);
    if (peers?.size === 0) peersByPlace.delete(this.#place);
  }

  listen(listener: WakeUpListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Tells everybody in this process. */
  tellPeers(woken: Woken): void {
    for (const peer of peersByPlace.get(this.#place) ?? []) {
      if (woken.any) peer.wake(undefined);
      else for (const queue of woken.queues) peer.wake(queue);
    }
  }

  /** Has those who listen here look at a queue; at any, if it is `undefined`. */
  wake(queue: string | undefined): void {
    for (const listener of this.#listeners) listener(queue);
  }
}
