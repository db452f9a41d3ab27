import type { DefinitionOwner } from "../../brokers/definition-owner.ts";
import type { TaskDefinition } from "../../core/task.ts";

/** A task whose limit is another one in each release of the program. */
export const RELEASED = "released";

/** Whose limit of the task counts, as an observer knows it who has seen each process join. */
export class Releases {
  /** By the number that the store gave a process: how many joined before it. */
  readonly #places = new Map<number, number>();
  #owner: { readonly brokerId: string; readonly place: number; readonly limit: number } | undefined;

  /**
   * A process has stated its tasks. Returns the limit that must count now: its own, unless that of one which joined
   * later counts, and is still a member.
   *
   * @param given - the number that the store gave it
   */
  stated(
    { brokerId, joinNumber }: DefinitionOwner,
    given: number,
    tasks: readonly TaskDefinition[],
    isMember: (brokerId: string) => boolean,
  ): number | undefined {
    if (joinNumber === 0) this.#places.set(given, this.#places.size);
    const place = this.#places.get(given) ?? Infinity;
    const limit = tasks.find(({ name }) => name === RELEASED)?.maxConcurrency;
    const owner = this.#owner;
    const isOutranked = owner !== undefined && owner.place > place && isMember(owner.brokerId);
    if (!isOutranked && limit !== undefined) this.#owner = { brokerId, place, limit };
    return this.#owner?.limit;
  }
}
