/** The queue of a task that names none, as in the original. */
export const DEFAULT_QUEUE = "spinach";

/** The namespace of an engine that names none, as in the original. */
export const DEFAULT_NAMESPACE = "spinach";

/** Most jobs that one enqueue makes atomic: what a broker can do without stalling its other users. */
export const MAX_ATOMIC_JOBS = 10_000;

/** Longest delay that a Node timer takes, in ms (2^31 - 1, almost 25 days). */
export const MAX_TIMER_MS = 2_147_483_647;

/** Highest count that a user may ask for (2^31 - 1): every store and script writes it digit for digit. */
export const MAX_COUNT = 2_147_483_647;

/** Longest period of a task, in ms: 100 years, so that the next run is a date that every store can hold. */
export const MAX_PERIOD_MS = 3_155_760_000_000;

/** Most parameters that V8 lets a function have. */
export const MAX_PARAMETERS = 65_534;

/** Most jobs at once of one workers object. Beyond it, start and stop would hold the event loop up. */
export const MAX_CONCURRENCY = 100_000;
