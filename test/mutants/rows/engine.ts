import type { Mutant } from "../mutant.ts";

const ARBITER = "src/engine/arbiter.ts";
const UPKEEP = "src/engine/upkeep.ts";
const REGISTRATION = "test/engine/registration.test.ts";

export const MUTANTS: readonly Mutant[] = [
  {
    kind: "a task fetched before its registration is acknowledged",
    file: "src/engine/registration.ts",
    from: "this.#isAcknowledged = false;\n    this.#dueAtMs = 0;",
    to: "this.#dueAtMs = 0;",
    test: REGISTRATION,
  },
  {
    kind: "a fetch under way brings jobs of a task that is registered meanwhile",
    file: ARBITER,
    from: "else this.#release(taken.jobs);",
    to: "else this.#local.bring(taken);",
    test: REGISTRATION,
  },
  {
    kind: "prefetched jobs of a task that is registered meanwhile run",
    file: ARBITER,
    from: "this.#definitions += 1;\n    this.#upkeep.outdated();\n    this.#release(this.#local.clear());",
    to: "this.#definitions += 1;\n    this.#upkeep.outdated();",
    test: REGISTRATION,
  },
  {
    kind: "nothing is registered again after the membership was lost",
    file: ARBITER,
    from: "this.#hint.woken();\n    this.#upkeep.outdated();",
    to: "this.#hint.woken();",
    test: REGISTRATION,
  },
  {
    kind: "a late periodic task waits for the next look",
    file: UPKEEP,
    from: "this.#plan.told(0);",
    to: "",
    test: "test/brokers/redis/redis-registration.test.ts",
    title: "begins at once",
  },
  {
    kind: "nobody notices that the periods are gone",
    file: UPKEEP,
    from: "this.#isPlanned = nextDueMs !== undefined;",
    to: "this.#isPlanned = true;",
    test: REGISTRATION,
  },
  {
    kind: "a failing registration keeps due jobs from being promoted",
    file: UPKEEP,
    from: "Math.max(this.#plan.dueAtMs, this.#ticking.retryAtMs)",
    to: "Math.max(this.#plan.dueAtMs, this.#ticking.retryAtMs, this.#registering.retryAtMs)",
    test: REGISTRATION,
  },
  {
    kind: "a process that is no member registers its tasks",
    file: "lua/register.lua",
    from: "<= 0 then return { LOST } end",
    to: "< 0 then return { LOST } end",
    test: "test/brokers/redis/redis-broker.test.ts",
    title: "[G5] [G8] a broker that was given up",
  },
  {
    kind: "a process that is no member registers its tasks, on SQLite",
    file: "src/brokers/sqlite/sqlite-broker.ts",
    from: "if (!isMember(work, uuid)) return false;",
    to: "",
    test: "test/brokers/sqlite/sqlite-broker.test.ts",
    title: "[G5] [G8] a broker that was given up",
  },
  {
    kind: "a job that a death failed is told without its task",
    file: "src/brokers/heartbeat/heartbeat-thread.ts",
    from: "task: printable(taskName)",
    to: "of: taskName",
    test: "test/brokers/redis/redis-deaths.test.ts",
    title: "200 jobs of a process that is killed",
  },
  {
    kind: "nothing is registered again when the connection is made anew",
    file: ARBITER,
    from: "this.#upkeep.outdated();\n        this.#trouble.tryNow();",
    to: "this.#trouble.tryNow();",
    test: "test/brokers/redis/redis-registration.test.ts",
  },
];
