/** The queue of a task that names none, as in the original. */
export const DEFAULT_QUEUE = "spinach";

/** The namespace of an engine that names none, as in the original. */
export const DEFAULT_NAMESPACE = "spinach";

/** Most jobs that one enqueue makes atomic: what a broker can do without stalling its other users. */
export const MAX_ATOMIC_JOBS = 10_000;

/** Longest delay that a Node timer takes, in ms (2^31 - 1, almost 25 days). */
export const MAX_TIMER_MS = 2_147_483_647;
