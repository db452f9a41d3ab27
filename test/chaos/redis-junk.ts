import { RedisKeys } from "../../src/brokers/redis/redis-keys.ts";
import { JUNK_JOBS } from "./junk-texts.ts";

/** What other programs leave in a key: of another type than ours, or of ours with other content. */
export interface RedisJunk {
  /** The key, as `RedisKeys` calls it. */
  readonly key: string;
  readonly what: string;
  /** Commands. They take nothing away of which there is no second copy. */
  readonly plant: ReadonlyArray<readonly string[]>;
  /** Commands that take away what nobody will meet. */
  readonly undo?: ReadonlyArray<readonly string[]>;
}

type Commands = ReadonlyArray<readonly string[]>;

/** Of a broker, a task, a queue that nobody has. */
const NAME = "junk";

/** Only where nothing is: what was there would be lost. */
const SET_IF_ABSENT = `
if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('SET', KEYS[1], 'junk') end`;

/** A field or a member in all keys of a kind, and nothing else of theirs. */
const IN_ALL = `
for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
  if redis.call('TYPE', key).ok == 'hash' then redis.call(ARGV[2], key, unpack(ARGV, 3)) end
end`;

/** Takes a field away that is junk still. */
const DELETE_IF_JUNK = `
if redis.call('TYPE', KEYS[1]).ok == 'hash' and redis.call('HGET', KEYS[1], ARGV[1]) == 'abc' then
  redis.call('HDEL', KEYS[1], ARGV[1])
end`;

const TOO_LATE = ["+inf", "1e300"];

/** In every key of a namespace. */
export function redisJunk(namespace: string): readonly RedisJunk[] {
  const keys = new RedisKeys(namespace);
  return [
    ...inJobs(keys),
    ...inPeriodicTasks(keys),
    ...inLimits(keys),
    ...inBrokers(keys),
    ...inParked(keys),
    ...ofWrongType(keys),
    { key: "quarantine", what: "a text", plant: [["RPUSH", keys.fixed.quarantine, NAME]] },
    passing("producer", "a text", ["SET", keys.producer(NAME), "abc"]),
    { key: "channel", what: "a message", plant: [["PUBLISH", keys.channel, `${NAME}\n\n\n,`]] },
  ];
}

function inJobs(keys: RedisKeys): readonly RedisJunk[] {
  const { future } = keys.fixed;
  const texts = Object.entries(JUNK_JOBS);
  const scores = ["-inf", "1", ...TOO_LATE];
  return [
    ...texts.map(([what, text]) => ({
      key: "queue",
      what,
      plant: [["RPUSH", keys.queue("spinach"), text]],
    })),
    ...texts.map(([what, text]) => ({
      key: "future",
      what,
      plant: [["ZADD", future, "1", text]],
    })),
    ...scores.map((score) => ({
      key: "future",
      what: `a score of ${score}`,
      plant: [["ZADD", future, score, `${NAME} ${score}`]],
      undo: [["ZREM", future, `${NAME} ${score}`]],
    })),
    ...texts.map(([what, text]) => ({
      key: "running",
      what,
      plant: [evaluate(IN_ALL, [], keys.running("*"), "HSET", NAME, text)],
      undo: [evaluate(IN_ALL, [], keys.running("*"), "HDEL", NAME)],
    })),
  ];
}

function inPeriodicTasks(keys: RedisKeys): readonly RedisJunk[] {
  const { periodicTasks, periodic, periodicExact, ownPeriodic, stated, definitions } = keys.fixed;
  const plan = (member: string, score: string): Commands => [
    ["ZADD", periodic, score, member],
    ["ZADD", periodicExact, score, member],
  ];
  const task = (periodicity: string, rest = '"max_retries":0'): string =>
    `{"name":"${NAME}","queue":"spinach","periodicity":${periodicity},${rest}}`;
  const texts = {
    "no JSON": NAME,
    "a period of 1e-323 s": task("1e-323"),
    "a period of 0": task("0"),
    "a period of 1e999 s": task("1e999"),
    "a period that is a text": task('"1"'),
    "retries beyond 2^53": task("1", '"max_retries":9007199254740993'),
    "retries that are a list": task("1", '"max_retries":[]'),
  };
  return [
    ...Object.entries(texts).flatMap(([what, text]) =>
      (["periodicTasks", "ownPeriodic"] as const).map((key) => ({
        key,
        what,
        plant: [["HSET", keys.fixed[key], NAME, text], ...plan(NAME, "1")],
        undo: [
          ["HDEL", periodicTasks, NAME],
          ["HDEL", ownPeriodic, NAME],
          ["ZREM", periodic, NAME],
          ["ZREM", periodicExact, NAME],
        ],
      })),
    ),
    ...(["periodic", "periodicExact", "stated"] as const).flatMap((key) =>
      ["-inf", ...TOO_LATE].map((score) =>
        passing(key, `a score of ${score}`, ["ZADD", keys.fixed[key], score, NAME]),
      ),
    ),
    // It counts only while it lies in the second that the other key has.
    { key: "periodicExact", what: "ours", plant: [["ZADD", periodicExact, "-inf", "beat"]] },
    { key: "ownPeriodic", what: "ours", plant: [["HSET", ownPeriodic, "slowBeat", "abc"]] },
    ...["", "slowBeat"].map((field) => ({
      key: "definitions",
      what: `of "${field}"`,
      plant: [["HSET", definitions, field, "abc"]],
    })),
    ...["-inf", "+inf"].map((score) => ({
      key: "stated",
      what: `the last statement at ${score}`,
      plant: [["ZADD", stated, score, ""]],
    })),
  ];
}

function inLimits({ fixed }: RedisKeys): readonly RedisJunk[] {
  const kinds = ["limits", "counts", "ownLimits"] as const;
  return [
    ...kinds.flatMap((key) =>
      ["abc", "-5", "1e300"].map((value) => passing(key, value, ["HSET", fixed[key], NAME, value])),
    ),
    // The two kinds of limits are copies of each other, and what runs can be counted.
    ...kinds.map((key) => ({
      key,
      what: "ours",
      plant: [["HSET", fixed[key], "onceLimited", "abc"]],
    })),
  ];
}

function inBrokers(keys: RedisKeys): readonly RedisJunk[] {
  const { infos, brokers } = keys.fixed;
  const running = keys.running(NAME);
  const texts = ["abc", "[]", "null", '{"lease_ms":"x"}', '{"lease_ms":1e999}', '{"lease_ms":-1}'];
  return [
    ...texts.map((text) => ({
      key: "infos",
      what: text,
      plant: [
        ["HSET", infos, NAME, text],
        ["ZADD", brokers, "1", NAME],
        ["HSET", running, NAME, "abc"],
      ],
      undo: [
        ["HDEL", infos, NAME],
        ["ZREM", brokers, NAME],
        ["DEL", running],
      ],
    })),
    ...["-inf", "1", ...TOO_LATE].map((score) =>
      passing("brokers", `a score of ${score}`, ["ZADD", brokers, score, NAME]),
    ),
    ...["spinach", "own"].map((queue) =>
      passing("idleBrokers", queue, ["SADD", keys.idleBrokers(queue), NAME]),
    ),
  ];
}

function inParked(keys: RedisKeys): readonly RedisJunk[] {
  const { parked, parkedCounts } = keys.fixed;
  const members = [
    NAME,
    `${NAME}\0spinach\0${NAME}`,
    `onceLimited\0spinach\0${"0".repeat(16)}\0${NAME}`,
  ];
  const fields = [NAME, `${NAME}\0spinach`, "+", "-"];
  return [
    ...members.flatMap((member) =>
      ["0", "-inf"].map((score) =>
        passing("parked", `${JSON.stringify(member)} with a score of ${score}`, [
          "ZADD",
          parked,
          score,
          member,
        ]),
      ),
    ),
    ...fields.map((field) => ({
      key: "parkedCounts",
      what: `${JSON.stringify(field)} is no number`,
      plant: [["HSET", parkedCounts, field, "abc"]],
      undo: [evaluate(DELETE_IF_JUNK, [parkedCounts], field)],
    })),
  ];
}

function ofWrongType(keys: RedisKeys): readonly RedisJunk[] {
  const { fixed } = keys;
  const whereAbsent = Object.entries({
    ...fixed,
    queue: keys.queue("spinach"),
    running: keys.running(NAME),
    producer: keys.producer(NAME),
    idleBrokers: keys.idleBrokers("spinach"),
  });
  // Of these there are copies, or they can be done without.
  const overwritten = [
    ["limits", fixed.limits],
    ["counts", fixed.counts],
    ["ownLimits", fixed.ownLimits],
    ["stated", fixed.stated],
    ["idleBrokers", keys.idleBrokers("spinach")],
    ["idleBrokers", keys.idleBrokers("own")],
  ] as const;
  return [
    ...whereAbsent.map(([key, name]) => ({
      key,
      what: "a string where nothing was",
      plant: [evaluate(SET_IF_ABSENT, [name])],
    })),
    ...overwritten.map(([key, name]) => ({
      key,
      what: "a string in its place",
      plant: [["SET", name, NAME]],
    })),
  ];
}

const UNDONE_BY: Readonly<Record<string, (key: string, args: readonly string[]) => Commands>> = {
  SET: (key) => [["DEL", key]],
  HSET: (key, [field = ""]) => [["HDEL", key, field]],
  ZADD: (key, [, member = ""]) => [["ZREM", key, member]],
  SADD: (key, [member = ""]) => [["SREM", key, member]],
};

/** Junk of one command, which another one takes away. */
function passing(key: string, what: string, command: readonly string[]): RedisJunk {
  const [verb = "", name = "", ...args] = command;
  return { key, what, plant: [command], undo: UNDONE_BY[verb]?.(name, args) ?? [] };
}

function evaluate(
  script: string,
  keys: readonly string[],
  ...args: readonly string[]
): readonly string[] {
  return ["EVAL", script, String(keys.length), ...keys, ...args];
}
