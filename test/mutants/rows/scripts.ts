import type { Mutant } from "../mutant.ts";

const BROKEN_TEXTS = "test/brokers/redis/broken-texts.test.ts";

/** Faults of what the scripts read, set aside and bound. */
export const MUTANTS: readonly Mutant[] = [
  {
    kind: "a look at more than is in doubt: one U+FFFD, all that is held",
    file: "lua/set_aside_broken.lua",
    from: "  if is_lost then look_at_ids() end",
    to: "  call('HGETALL', running)\n  if is_lost then look_at_ids() end",
    test: BROKEN_TEXTS,
  },
  {
    kind: "work of a script without a bound: texts that are looked at",
    file: "lua/set_aside_broken.lua",
    from: "    if index > FIRST_SUSPECTS and bytes > max_bytes then break end\n",
    to: "",
    test: BROKEN_TEXTS,
  },
  {
    kind: "a job that is held for ever: its id is not UTF-8",
    file: "lua/set_aside_broken.lua",
    from: "  if is_lost then look_at_ids() end\n",
    to: "",
    test: BROKEN_TEXTS,
    title: "in a short id",
  },
  {
    kind: "a permit that wakes nobody: that of a job which was set aside",
    file: "lua/set_aside_broken.lua",
    from: "  if next(freed) then wake_waiting(freed) end\n",
    to: "",
    test: BROKEN_TEXTS,
    title: "in its arguments",
  },
  {
    kind: "a permit that is held for long: by a job that nobody can read",
    file: "src/brokers/redis/redis-broker.ts",
    from: "onUnreadable: () => void this.#settleUnreadable(),",
    to: "onUnreadable: () => void this.#id,",
    test: BROKEN_TEXTS,
    title: "as its retries are a text",
  },
  {
    kind: "work of a script without a bound: what the quarantine drops",
    file: "lua/bound_quarantine.lua",
    from: "while dropped < MOST_DROPPED and (",
    to: "while (",
    test: "test/brokers/redis/redis-order.test.ts",
    title: "drops at most",
  },
  {
    kind: "a bound that is reached once, and not kept: the quarantine",
    file: "src/brokers/redis/connection.ts",
    from: "      if (Number(dropped) > 0) await this.#boundQuarantine(0, 0);\n",
    to: "",
    test: "test/brokers/redis/redis-order.test.ts",
    title: "drops at most",
  },
  {
    kind: "a clock that is set back: a lease of one without jobs",
    file: "lua/heartbeat.lua",
    from: "now_s() + idle_s), id)",
    to: "now_s()), id)",
    test: "test/brokers/redis/heartbeat.test.ts",
    title: "set back",
  },
  {
    kind: "work of a script without a bound: bytes of due jobs",
    file: "lua/tick.lua",
    from: "      if bytes > max_bytes and #jobs > 0 then return jobs end\n",
    to: "",
    test: "test/brokers/redis/redis-due-queues.test.ts",
  },
  {
    kind: "work of a script without a bound: texts of jobs that are done",
    file: "src/brokers/redis/settle-request.ts",
    from: "return stored.wire.length / (isMoved ? maxBytes : MAX_BYTES_PER_CALL);",
    to: "return isMoved ? stored.wire.length / maxBytes : 0;",
    test: "test/brokers/redis/trip-size.test.ts",
    title: "cutOutcomes",
  },
];
