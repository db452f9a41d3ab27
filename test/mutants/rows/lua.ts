import type { Mutant } from "../mutant.ts";

const ATOMICITY = "test/brokers/redis/script-atomicity.test.ts";

/** Faults of the scripts. */
export const MUTANTS: readonly Mutant[] = [
  {
    kind: "a script that fails midway: what a fetch has popped",
    file: "lua/lib/ready.lua",
    from: "    undos[#undos + 1] = function()\n      -- Back",
    to: "    local _ = function()\n      -- Back",
    test: ATOMICITY,
  },
  {
    kind: "a script that fails midway: what was enqueued",
    file: "lua/lib/append.lua",
    from: "    undos[#undos + 1] = { 'LTRIM', queue, 0, from - to - 2 }\n",
    to: "",
    test: ATOMICITY,
  },
  {
    kind: "a script that fails midway: an undo that is not proved before",
    file: "lua/lib/write.lua",
    from: "  if inverse then call(unpack(inverse)) end\n",
    to: "",
    test: ATOMICITY,
  },
  {
    kind: "one bad entry: a count that is no number",
    file: "lua/lib/number.lua",
    from: "return number and number >= least and number <= MOST",
    to: "return true",
    test: ATOMICITY,
  },
  {
    kind: "two readers of one text: a member twice",
    file: "src/brokers/redis/job-reader.ts",
    from: "if (isReadAlike(stored)) return stored;",
    to: "return stored;",
    test: "test/brokers/redis/read-alike.test.ts",
  },
  {
    kind: "an order that is lost: dates one millisecond apart",
    file: "lua/lib/future.lua",
    from: "SPAN = 2 ^ -21, 0.0009",
    to: "SPAN = 2 ^ -21, 0.001",
    test: "test/brokers/redis/redis-order.test.ts",
    title: "of the next millisecond",
  },
  {
    kind: "an order that is lost: jobs of one date",
    file: "lua/lib/future.lua",
    from: "next_places[due] = place + STEP",
    to: "next_places[due] = place",
    test: "test/brokers/redis/redis-order.test.ts",
  },
  {
    kind: "a number that does not cross: maxRetries of a periodic task",
    file: "lua/tick.lua",
    from: "string.format('%.0f', task.max_retries)",
    to: "task.max_retries",
    test: "test/brokers/redis/redis-order.test.ts",
  },
];
