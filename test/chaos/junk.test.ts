/** The faults of chaos reach all that there is to reach. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { RedisKeys } from "../../src/brokers/redis/redis-keys.ts";
import { MIGRATIONS } from "../../src/brokers/sqlite/schema.ts";
import { seededRandom } from "../../src/testing/seeded-random.ts";
import { dealt } from "./dealt.ts";
import { redisJunk } from "./redis-junk.ts";
import { commandsOfScripts, patternsBut } from "./rights-faults.ts";
import { sqliteJunk } from "./sqlite-junk.ts";

/** Keys that a namespace has several of. */
const KINDS_OF_KEYS = ["queue", "running", "idleBrokers", "producer"];

test("redisJunk() leaves junk of the right type and of the wrong one in every key", () => {
  const junk = redisJunk("chaos");
  for (const key of [...Object.keys(new RedisKeys("chaos").fixed), ...KINDS_OF_KEYS]) {
    const whats = junk.filter((piece) => piece.key === key).map(({ what }) => what);
    assert.ok(whats.includes("a string where nothing was"), key);
    assert.ok(whats.length > 1, key);
  }
});

test("sqliteJunk() leaves junk in every table", () => {
  const tables = MIGRATIONS.join("").matchAll(/CREATE TABLE spinach_(?<name>\w+)/gv);
  const names = Array.from(tables, ({ groups }) => groups?.["name"] ?? "");
  const reached = new Set(sqliteJunk("chaos").map(({ table }) => table));
  assert.deepEqual(names.toSorted(), [...reached].toSorted());
});

test("dealt() draws each piece once before it draws one again", () => {
  const draw = dealt(["a", "b", "c"]);
  const random = seededRandom(1);
  for (const _ of [1, 2]) {
    const drawn = [draw(random), draw(random), draw(random)];
    assert.deepEqual(drawn.toSorted(), ["a", "b", "c"]);
  }
});

test("commandsOfScripts() finds what the scripts call", () => {
  const commands = commandsOfScripts();
  for (const name of ["publish", "lpop", "hset", "zadd", "sadd", "evalsha"]) {
    assert.ok(commands.includes(name), name);
  }
});

test("patternsBut() lets all keys through but those that begin so", () => {
  const patterns = patternsBut("ns/_a").map((glob) => {
    const pattern = glob.replace(/\[\^(?<other>.)\]\*$/v, "(?!$<other>)..*");
    return new RegExp(`^${pattern}$`, "v");
  });
  const passes = (key: string): boolean => patterns.some((pattern) => pattern.test(key));
  assert.deepEqual(["ns/_a", "ns/_ab"].map(passes), [false, false]);
  assert.deepEqual(["ns/_b", "ns/a", "other"].map(passes), [true, true, true]);
});
