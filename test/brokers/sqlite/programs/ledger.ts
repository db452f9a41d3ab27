/** Most jobs of the limited task at once in the cluster. */
export const LIMIT = 3;

/** Coroutines of each process. */
export const SLOTS = 20;
