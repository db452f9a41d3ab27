/** Each script under each missing right, and on each key that another program has changed. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { createClient } from "@redis/client";

import type { ScriptCall } from "../../../src/brokers/redis/lua-scripts.ts";
import { startRedis, type TestRedis } from "./redis-server.ts";
import {
  CHANNEL,
  type Commands,
  PATTERN,
  SCRIPT_CASES,
  type ScriptCase,
  withoutCase,
} from "./script-cases.ts";

let redis: TestRedis;
/** With every right; older replies are lists, whose order is that of Redis. */
let admin: Client;

/** What a test may take at most, in ms: some hundred calls. */
const timeout = 60_000;

type Client = ReturnType<typeof createClient>;
let limited: Client;

const EVERYTHING = ["on", ">secret", "~*", "&*", "+@all"];

before(async () => {
  redis = await startRedis();
  admin = createClient({ url: redis.url, RESP: 2 });
  await admin.connect();
  await allow(...EVERYTHING);
  limited = createClient({ url: redis.url, username: "limited", password: "secret", RESP: 2 });
  await limited.connect();
});

after(async () => {
  limited.destroy();
  admin.destroy();
  await redis.stop();
});

async function call(...command: readonly string[]): Promise<unknown> {
  return admin.sendCommand([...command]);
}

async function allow(...rules: readonly string[]): Promise<void> {
  await call("ACL", "SETUSER", "limited", ...rules);
}

async function prepare(commands: ScriptCase["before"]): Promise<void> {
  await call("FLUSHALL");
  for (const command of commands) await call(...command);
}

async function run({ script, keys, args }: ScriptCall): Promise<unknown> {
  const command = ["EVAL", script.text, String(keys.length), ...keys, ...args];
  try {
    return await limited.sendCommand(command);
  } catch (error) {
    return error;
  }
}

type Keyspace = Readonly<Record<string, unknown>>;

const READ: Readonly<Record<string, (key: string) => readonly string[]>> = {
  string: (key) => ["GET", key],
  list: (key) => ["LRANGE", key, "0", "-1"],
  set: (key) => ["SMEMBERS", key],
  hash: (key) => ["HGETALL", key],
  zset: (key) => ["ZRANGE", key, "0", "-1", "WITHSCORES"],
};

/** All keys, in no order where they have none. */
async function keyspace(): Promise<Keyspace> {
  const found = await call("KEYS", PATTERN);
  assert.ok(Array.isArray(found));
  const entries: Array<[string, unknown]> = [];
  for (const key of found.map(String).toSorted()) {
    const type = String(await call("TYPE", key));
    const value = await call(...(READ[type]?.(key) ?? []));
    entries.push([key, [type, ...contents(type, value)]]);
  }
  return Object.fromEntries(entries);
}

function contents(type: string, value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [String(value)];
  const texts = value.map(String);
  if (type !== "hash" && type !== "zset") return type === "set" ? texts.toSorted() : texts;
  const pairs = texts.flatMap((text, at) => (at % 2 === 0 ? [`${text} = ${texts[at + 1]}`] : []));
  return pairs.toSorted();
}

/** Times differ from run to run. */
function timeless(keys: Keyspace): Keyspace {
  const text = JSON.stringify(keys);
  const masked = text
    .replaceAll(/= 1\d{9}(?:\.\d+)?"/gv, '= now"')
    .replaceAll(/"at\\":1\d{9},\\"at_us\\":\d+/gv, "now")
    .replaceAll(/last_seen_at\\":\d+/gv, "now");
  const value: unknown = JSON.parse(masked);
  assert.ok(typeof value === "object" && value !== null);
  return { ...value };
}

async function afterwards(it: ScriptCase, asked: ScriptCall = it.call): Promise<Keyspace> {
  await prepare(it.before);
  await allow(...EVERYTHING);
  const reply = await run(asked);
  assert.ok(!(reply instanceof Error), String(reply));
  return timeless(await keyspace());
}

/** Whether a reply says that only the first half was done. */
function isHalf(reply: unknown): boolean {
  if (!Array.isArray(reply)) return false;
  const own: unknown = reply[0] === "quarantined" ? reply.at(-1) : reply;
  return Array.isArray(own) && own.at(-1) instanceof Error;
}

/** Runs a case without a right, and returns what the reply says; the keys are as it says. */
async function withoutRight(it: ScriptCase, rule: readonly string[]): Promise<string> {
  await prepare(it.before);
  const earlier = await keyspace();
  await allow(...EVERYTHING, ...rule);
  const reply = await run(it.call);
  const later = await keyspace();
  const what = `${it.what} with ${rule.join(" ")}: ${String(reply)}`;
  if (reply instanceof Error) {
    assert.deepEqual(later, earlier, `${what}: as before`);
    return reply.message;
  }
  const whole = await afterwards(it, isHalf(reply) ? it.firstHalf : it.call);
  assert.deepEqual(timeless(later), whole, `${what}: wholly done`);
  return "";
}

const JOB_ID = /"id\\*":\\*"(?<id>[\w\-]{36})/gv;

function jobIds(text: string): readonly string[] {
  return [...text.matchAll(JOB_ID)].map(({ groups }) => groups?.["id"] ?? "");
}

const JUNK = [
  "abc",
  "nan",
  "inf",
  "-inf",
  "1e400",
  "-5",
  "1.5",
  "9007199254740993",
  "",
  "{}",
  "[1]",
];

/** Commands that leave another type, or other contents, under a key. */
async function harms(key: string): Promise<readonly Commands[]> {
  const type = String(await call("TYPE", key));
  const foreign = type === "string" ? ["RPUSH", key, "foreign"] : ["SET", key, "foreign"];
  const found: Commands[] = [[["DEL", key], foreign]];
  if (type === "string") found.push(...JUNK.map((junk) => [["SET", key, junk]]));
  if (type === "list") found.push(JUNK.map((junk) => ["LPUSH", key, junk]));
  if (type === "set") found.push([["SADD", key, ...JUNK]]);
  if (type === "hash") {
    const fields = await call("HKEYS", key);
    assert.ok(Array.isArray(fields));
    for (const junk of JUNK) {
      found.push(fields.map((field) => ["HSET", key, String(field), junk]));
      found.push([["HSET", key, junk, junk]]);
    }
  }
  if (type === "zset") {
    const members = await call("ZRANGE", key, "0", "-1");
    assert.ok(Array.isArray(members));
    for (const score of ["inf", "-inf", "1e300", "-1", "1e-323"]) {
      found.push(members.map((member) => ["ZADD", key, score, String(member)]));
      found.push([["ZADD", key, score, "junk"]]);
    }
  }
  return found;
}

test("each script has a case", () => {
  assert.deepEqual(
    withoutCase().map(({ name }) => name),
    [],
  );
});

for (const it of SCRIPT_CASES) {
  const { script } = it.call;
  describe(`${script.name}: ${it.what}`, () => {
    test(
      "without the right to any one command, it is as before or wholly done, and says which",
      { timeout },
      async () => {
        for (const command of script.commands) {
          const message = await withoutRight(it, [`-${command.toLowerCase()}`]);
          if (message !== "")
            assert.match(
              message,
              new RegExp(`^NOPERM .*${command}\\b.*\\+${command.toLowerCase()}`, "v"),
            );
        }
      },
    );

    test("without the right to the channel", { timeout }, async () => {
      const message = await withoutRight(it, ["resetchannels"]);
      if (message !== "") assert.ok(message.includes(`&${CHANNEL}`), message);
    });

    test("without the right to any one key, or to write it", { timeout }, async () => {
      const { keys } = it.call;
      for (const key of new Set(keys)) {
        const others = [...new Set(keys)].filter((each) => each !== key).map((each) => `~${each}`);
        const message = await withoutRight(it, ["resetkeys", ...others]);
        assert.match(message, /^NOPERM/v);
      }
    });

    test(
      "on a key of another type, or of other contents: it answers, and no job is lost",
      { timeout },
      async () => {
        await allow(...EVERYTHING);
        for (const key of new Set(it.call.keys)) {
          await prepare(it.before);
          for (const harm of await harms(key)) {
            await prepare([...it.before, ...harm]);
            const earlier = JSON.stringify(await keyspace());
            const reply = await run(it.call);
            const what = `${JSON.stringify(harm)}: ${String(reply)}`;
            assert.ok(!(reply instanceof Error) && !isHalf(reply), what);
            const later = new Set(jobIds(JSON.stringify(await keyspace())));
            const lost = jobIds(earlier).filter(
              (id) => !later.has(id) && it.ends?.includes(id) !== true,
            );
            assert.deepEqual(lost, [], what);
          }
        }
      },
    );
  });
}
