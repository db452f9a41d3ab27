/**
 * Whose definition of a task counts while processes with different ones are alive, as during a deploy: that of the
 * process which joined last. Otherwise each would undo the other's every two minutes, and a long period might never come.
 */

/** Which process a definition is of. */
export interface DefinitionOwner {
  /** The later a process joined, the higher: see `nextJoinNumber`. */
  readonly joinNumber: number;
  /** As whom it was a member when it registered the definition. */
  readonly brokerId: string;
}

/**
 * The number of a process that registers a definition for the first time, which it keeps. It goes by the store's clock, so that a
 * process that joins a store which came back empty is later than those that were there before.
 *
 * @param last - the last one that was given, or that a process brought along; 0 if none was
 */
export function nextJoinNumber(last: number, nowMs: number): number {
  return Math.max(last + 1, nowMs);
}

/** Whether a definition by another process counts, rather than one by the process of that number. */
export function isOutranked(
  joinNumber: number,
  owner: DefinitionOwner | undefined,
  isMember: (brokerId: string) => boolean,
): boolean {
  return owner !== undefined && owner.joinNumber > joinNumber && isMember(owner.brokerId);
}
