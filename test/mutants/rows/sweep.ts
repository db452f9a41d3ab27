import type { Mutant } from "../mutant.ts";

export const MUTANTS: readonly Mutant[] = [
  {
    kind: "a text read in two ways",
    file: "src/brokers/redis/own-head.ts",
    from: "wire.startsWith(id, BEFORE_ID.length) &&",
    to: "",
    test: "test/brokers/redis/read-alike.test.ts",
  },
  {
    kind: "a text read in two ways",
    file: "src/brokers/redis/own-head.ts",
    from: "wire.startsWith(namesOf(taskName, queue), REST_AT)",
    to: "true",
    test: "test/brokers/redis/read-alike.test.ts",
  },
  {
    kind: "a refused call that only ever settles in microtasks",
    file: "src/engine/scheduler.ts",
    from: "return stored.job;\n    } catch (error) {\n      return turn.refuse(error);",
    to: "return stored.job;\n    } catch (error) {\n      throw error;",
    test: "test/engine/fairness.test.ts",
  },
  {
    kind: "names from the store that reach a terminal as they are",
    file: "src/brokers/heartbeat/serve-heartbeat.ts",
    from: "tasks.map(printable)",
    to: "tasks",
    test: "test/core/printable.test.ts",
  },
  {
    kind: "names from the store that reach a terminal as they are",
    file: "src/engine/job-reporter.ts",
    from: "jobs.map(({ job }) => printable(job.id))",
    to: "jobs.map(({ job }) => job.id)",
    test: "test/core/printable.test.ts",
  },
  {
    kind: "one bad entry: a job that would be put back among what we keep ourselves",
    file: "src/brokers/redis/job-reader.ts",
    from: "stored.job.queue.charCodeAt(0) !== UNDERSCORE",
    to: "stored.job.id !== undefined",
    test: "test/brokers/redis/redis-quarantine.test.ts",
  },
  {
    kind: "a place that is undefined taken for the default",
    file: "src/brokers/redis/redis-node.ts",
    from: '["url", "database", "socket"]',
    to: '["url", "database"]',
    test: "test/brokers/redis/redis-target.test.ts",
  },
  {
    kind: "one bad entry stops everything: a queue that nobody can be asked for",
    file: "lua/tick.lua",
    from: " and is_utf8(name)",
    to: "",
    test: "test/brokers/redis/redis-quarantine.test.ts",
  },
  {
    kind: "one bad entry stops everything: a queue that is a key of ours",
    file: "lua/tick.lua",
    from: "string.byte(name) ~= 95 and ",
    to: "",
    test: "test/brokers/redis/redis-quarantine.test.ts",
  },
  {
    kind: "a number that passes the check and breaks further in: a grace and a second more",
    file: "src/workers/threads/held-jobs.ts",
    from: "Math.min(MAX_TIMER_MS, timeoutGraceMs + (givesUp ? SAY_SO_MS : 0))",
    to: "timeoutGraceMs + (givesUp ? SAY_SO_MS : 0)",
    test: "test/workers/threads/thread-deaths.test.ts",
  },
];
