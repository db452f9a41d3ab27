/** How BullMQ is set up in contenders/bullmq.ts, and why: for the report. */
export const PEER_SETTINGS: ReadonlyArray<readonly [setting: string, reason: string]> = [
  [
    "ioredis as its client, one connection for the queue, those of the worker its own",
    "the client that BullMQ takes by default; the newest version of the line that it is developed with",
  ],
  [
    "`maxRetriesPerRequest: null`",
    "its guide demands it for workers: a call waits while Redis is away",
  ],
  [
    "no `enableAutoPipelining` of ioredis",
    "its author does not expect it to work in BullMQ (issue 1127 of its repository)",
  ],
  [
    "`removeOnComplete: { count: 0 }`, `removeOnFail: { count: 0 }` on the worker",
    "its guide advises not to keep all ended jobs; none is the least work and memory, and what Spinach does. " +
      "On the worker, because as options of each job they would take memory in each",
  ],
  [
    "`concurrency` of one worker: as many as Spinach's coroutines",
    "its guide's way to run asynchronous jobs at once in a process",
  ],
  [
    "`addBulk` for batches",
    "its guide's way to add many jobs: one transaction instead of a call each",
  ],
  [
    "`maxmemory-policy noeviction`, no persistence",
    "its guide demands the first; the second is the same for all contenders",
  ],
  [
    "stalled checks, lock renewal, the stream of events and `drainDelay` as they are by default",
    "they keep its promises, as Spinach's leases and notifications do, which are on too",
  ],
  ["data of a job: `[number]`", "the same JSON as Spinach's arguments"],
  [
    "no priorities, delays, flows, metrics or telemetry",
    "none is needed for these jobs, and none could make it faster",
  ],
];

/** The same of Spinach. */
export const OWN_SETTINGS: ReadonlyArray<readonly [setting: string, reason: string]> = [
  [
    "`maxRetries: 1`",
    "at least once, which is BullMQ's contract: a job of a dead process runs again",
  ],
  ["all else as it is by default", "what a user gets"],
];

/** Of the pools that threads are compared with. */
export const POOL_SETTINGS: ReadonlyArray<readonly [setting: string, reason: string]> = [
  [
    "Piscina: `minThreads` and `maxThreads` the same",
    "its guide: so that no thread is started while it is measured",
  ],
  [
    "`concurrentTasksPerWorker` 1, and 10",
    "1 is its default and what `ThreadWorkers` promises; its guide advises more for tasks that are short",
  ],
  [
    "`recordTiming: false`",
    "its guide: it costs time; Spinach notes how long a job took all the same",
  ],
  ['`atomics: "sync"`, `FixedQueue`', "its defaults, and the fastest that it has"],
  ["Tinypool: the same number of threads", "all else is as fast as it gets by default"],
  [
    "1,000 calls under way",
    "a pool has no queue that outlives the call; Spinach's jobs are scheduled in batches of 1,000",
  ],
];
