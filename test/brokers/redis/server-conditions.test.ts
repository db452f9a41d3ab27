/** What of a server is warned of: that it does not keep what it has acknowledged. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { brokenConditions } from "../../../src/brokers/redis/server-conditions.ts";
import { until } from "../../../src/testing/waits.ts";
import { engineBench, type EngineBench } from "./engine-bench.ts";
import { inspect } from "./inspector.ts";
import { majorVersion } from "./redis-process.ts";
import { startRedis, type TestRedis } from "./redis-server.ts";

/** Of a whole suite: each wait in it has a limit of its own, and says more. */
const LIMIT = { timeout: 300_000 };
const SAVED = { persistence: "aof_enabled:0\r\n", save: "3600 1" };

const EVICTS =
  /^Redis throws keys away when it is full \(maxmemory-policy allkeys-lru\): jobs that/v;
const EVICTS_PRODUCERS = /^Redis throws keys that expire away .* may schedule its jobs twice; set/v;
const KEEPS_NOTHING = /^Redis keeps nothing on disk .* set appendonly yes$/v;

async function onServer(
  flags: readonly string[],
  act: (redis: TestRedis) => Promise<void>,
): Promise<void> {
  const redis = await startRedis(...flags);
  try {
    await act(redis);
  } finally {
    await redis.stop();
  }
}

function warnings({ logger }: EngineBench): readonly string[] {
  return logger.lines.filter(({ level }) => level !== "debug").map(({ message }) => message);
}

/** What an engine that schedules is warned of, which waits for so many warnings. */
async function warnedOf(url: string, count: number): Promise<readonly string[]> {
  await using bench = engineBench(url);
  await bench.spin.schedule("at most once", 1);
  await until("the warnings have come", () => warnings(bench).length >= count);
  // Made anew, it is not told again.
  const inspector = await inspect(url);
  await inspector.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
  inspector.close();
  await bench.spin.schedule("at most once", 2);
  return warnings(bench).filter((message) => !message.startsWith("the connection to Redis"));
}

describe("RedisBroker warns once, at the start, of a Redis that", LIMIT, () => {
  test("evicts keys, or keeps nothing on disk", async () => {
    const flags = ["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru", "--save", ""];
    await onServer(flags, async ({ url }) => {
      const [evicts = "", keeps = "", ...more] = await warnedOf(url, 2);
      assert.match(evicts, EVICTS);
      assert.match(keeps, KEEPS_NOTHING);
      assert.deepEqual(more, []);
    });
  });

  test("keeps what it has, or does not let this user ask, of nothing", async () => {
    const renamed = ["--rename-command", "CONFIG", "", "--rename-command", "INFO", ""];
    await onServer(["--save", "", ...renamed], async ({ url }) => {
      assert.deepEqual(await warnedOf(url, 0), []);
    });
    await onServer(["--appendonly", "yes", "--save", ""], async ({ url }) => {
      assert.deepEqual(await warnedOf(url, 0), []);
    });
    if (majorVersion() < 7) return;
    await onServer(["--save", ""], async ({ url }) => {
      const inspector = await inspect(url);
      const rules = ["on", ">secret", "~*", "&*", "+@all", "-info", "-config"];
      await inspector.call("ACL", "SETUSER", "app", ...rules);
      inspector.close();
      assert.deepEqual(await warnedOf(url.replace("//", "//app:secret@"), 0), []);
    });
  });
});

test("brokenConditions() knows which policies harm, and whether there is a limit", () => {
  const of = (policy: string, maxmemory = "1000"): readonly string[] =>
    brokenConditions({
      ...SAVED,
      memory: `maxmemory:${maxmemory}\r\nmaxmemory_policy:${policy}\r\n`,
    });
  assert.deepEqual(of("noeviction"), []);
  assert.deepEqual(of("allkeys-lru", "0"), []);
  assert.match(of("allkeys-lru")[0] ?? "", EVICTS);
  assert.match(of("volatile-ttl")[0] ?? "", EVICTS_PRODUCERS);
  assert.deepEqual(brokenConditions({ memory: "", persistence: "", save: undefined }), []);
});
