import type { Mutant } from "../mutant.ts";

const LIMITS_TEST = "test/brokers/redis/redis-limits.test.ts";

export const MUTANTS: readonly Mutant[] = [
  {
    kind: "more jobs than were asked for",
    file: "lua/lib/parked.lua",
    from: "math.min(its_places, wanted())",
    to: "math.min(its_places, 1e6)",
    test: "test/brokers/redis/redis-broker.test.ts",
    title: "no more are taken than asked for",
  },
  {
    kind: "a fetch without a bound",
    file: "lua/lib/take.lua",
    from: "math.min(max - taken, BOUND - looked)",
    to: "max - taken",
    test: LIMITS_TEST,
    title: "looks at 1,000 jobs",
  },
  {
    kind: "a count that goes below none",
    file: "lua/lib/limits.lua",
    from: "math.max(0, (places[task] or 0) + by)",
    to: "(places[task] or 0) + by",
    test: LIMITS_TEST,
    title: "has set too low",
  },
  {
    kind: "what Python has planned is slept over",
    file: "lua/lib/due.lua",
    from: "math.min(first_score(future), first_score(periodic), first_score(periodic_exact))",
    to: "math.min(first_score(future), first_score(periodic_exact))",
    test: LIMITS_TEST,
    title: "planned for sooner",
  },
  {
    kind: "one that is no member any more is woken",
    file: "lua/lib/wake.lua",
    from: "if call('ZSCORE', brokers, id) then ids[#ids + 1] = id end",
    to: "ids[#ids + 1] = id",
    test: "test/brokers/redis/redis-wake-ups.test.ts",
    title: "nobody is named that is no member",
  },
  {
    kind: "a timer that stays after a stop",
    file: "src/brokers/redis/redis-broker.ts",
    from: "    wakeUps.forget();\n    this.#joining = undefined;",
    to: "    this.#joining = undefined;",
    test: "test/brokers/redis/lost-connections.test.ts",
    title: "leaves no second look",
  },
  {
    kind: "jobs said to be taken over by who was itself given up",
    file: "src/brokers/redis/rescue.ts",
    from: "if (status === exchangeCodes.LOST) {",
    to: "if (status === undefined) {",
    test: "test/brokers/redis/heartbeat.test.ts",
  },
];
