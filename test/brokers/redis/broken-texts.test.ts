/** Texts that are no UTF-8 are set aside; those that only look so to the client cost one look at each of them. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";

import { setAsideBroken } from "../../../src/brokers/redis/lua-scripts.ts";
import { RedisKeys } from "../../../src/brokers/redis/redis-keys.ts";
import { until } from "../../../src/testing/waits.ts";
import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import { ownRedis } from "./own-redis.ts";
import { eachOnce, ended, redisBench, type RedisBench } from "./redis-bench.ts";

const limit = { timeout: 120_000 };
const ID = "00000000-0000-4000-8000-000000000000";
/** As U+FFFD is read of it. */
const BROKEN = String.raw`\255`;
const REST = `"max_retries":3,"retries":0,"at":1,"at_us":0,"task_kwargs":{}`;

const redis = ownRedis();

function jobText(id: string, argument: string, task = "count"): string {
  return `{"id":"${id}","status":2,"task_name":"${task}","queue":"spinach",${REST},"task_args":["${argument}"]}`;
}

/** Runs a command whose last argument is given as Lua writes a text, so that it may hold any bytes. */
async function callRaw(command: string, key: string, ...raw: readonly string[]): Promise<void> {
  const texts = raw.map((each) => `'${each}'`).join(", ");
  await redis.inspector.call(
    "EVAL",
    `return redis.call('${command}', KEYS[1], ${texts})`,
    "1",
    key,
  );
}

/** Resolves when one entry was set aside, as its bytes are, and no job is held. */
async function setAside({ namespace }: RedisBench, raw: string): Promise<void> {
  const { quarantine } = new RedisKeys(namespace).fixed;
  const script = `local entry = redis.call('LINDEX', KEYS[1], 0)
    return entry and string.find(entry, '${raw}', 1, true) and redis.call('LLEN', KEYS[1]) or 0`;
  await until("it is set aside, as it was", async () => {
    return (await redis.inspector.call("EVAL", script, "1", quarantine)) === 1;
  });
  await until("no job is held", async () => {
    const keys = await redis.inspector.keys(namespace);
    return !keys.some((key) => key.includes("_running-jobs"));
  });
}

describe("a text with U+FFFD", limit, () => {
  test("of a job is looked at alone, however many jobs the process holds", async () => {
    await using it = redisBench(redis.url, { lease: 600_000 });
    const { promise: gate, resolve: openGate } = Promise.withResolvers<void>();
    let started = 0;
    it.spin.task("long", async (_text: string) => {
      started += 1;
      await gate;
    });
    let read = "";
    it.spin.task("reads", (text: string) => {
      read = text;
    });
    for (let index = 0; index < 100; index += 1) await it.spin.schedule("long", "中".repeat(3000));
    await it.spin.startWorkers({ workers: new AsyncWorkers({ number: 200 }) });
    await until("100 are held", () => started === 100);
    await redis.inspector.resetCounts();
    await it.spin.schedule("reads", "\u{FFFD} is a character");
    await until("it ran", () => read === "\u{FFFD} is a character");
    const { hget = 0, hgetall = 0, hvals = 0, hkeys = 0 } = await redis.inspector.commandCounts();
    openGate();
    assert.deepEqual({ hget, hgetall, hvals, hkeys }, { hget: 1, hgetall: 0, hvals: 0, hkeys: 0 });
  });

  test("is looked at within the bytes of a call", async () => {
    const keys = new RedisKeys("bytes");
    const running = keys.running("me");
    const text = `\u{FFFD}${"x".repeat(1000)}`;
    const digest = createHash("sha1").update(text).digest("hex");
    const suspects: string[] = [];
    for (const id of ["a", "b", "c", "d"]) {
      await redis.inspector.call("HSET", running, id, text);
      suspects.push(id, digest);
    }
    const call = setAsideBroken(
      { ...keys.fixed, running },
      { channel: "c", maxBytes: 2500, onlyHeads: false, suspects },
    );
    const { script, keys: names, args } = call;
    const looked = await redis.inspector.call(
      "EVAL",
      script.text,
      String(names.length),
      ...names,
      ...args,
    );
    assert.deepEqual(looked, [2]);
  });

  test("of ten jobs of 300 KiB: each runs", async () => {
    await using it = redisBench(redis.url);
    let ran = 0;
    it.spin.task("reads", (text: string) => {
      assert.ok(text.startsWith("\u{FFFD}x"));
      ran += 1;
    });
    for (let index = 0; index < 10; index += 1) {
      await it.spin.schedule("reads", `\u{FFFD}${"x".repeat(300 * 1024)}`);
    }
    await it.spin.startWorkers({ workers: new AsyncWorkers({ number: 10 }) });
    await until("all ran", () => ran === 10);
  });
});

describe("a text that is no UTF-8", limit, () => {
  const cases: Readonly<Record<string, readonly [id: string, argument: string]>> = {
    "in its arguments": [ID, BROKEN],
    "in its id": [`${ID.slice(1)}${BROKEN}`, "x"],
    "in a short id": [BROKEN, "x"],
    "in a character cut short, whose mark is as long": [ID, String.raw`\240\159\152`],
  };
  for (const [what, [id, argument]] of Object.entries(cases)) {
    for (const task of ["count", "limited"]) {
      test(`${what} is set aside, of a task named "${task}", and holds nothing`, async () => {
        await using it = redisBench(redis.url);
        it.spin.task("limited", { maxConcurrency: 1 }, () => undefined);
        const text = jobText(id, argument, task);
        await callRaw("RPUSH", `${it.namespace}/spinach`, text);
        const done = ended(it, 3);
        for (const index of [0, 1]) await it.spin.schedule("count", index);
        await it.spin.schedule("limited");
        await it.spin.startWorkers({ workers: new AsyncWorkers() });
        await done;
        await setAside(it, text);
        eachOnce(it, 2);
        const { counts } = new RedisKeys(it.namespace).fixed;
        await until("no permit is held", async () => {
          return (await redis.inspector.call("HGET", counts, "limited")) === "0";
        });
      });
    }

    test(`${what} of a process that died is set aside, and the process is forgotten`, async () => {
      await using it = redisBench(redis.url, { lease: 1000 });
      const keys = new RedisKeys(it.namespace);
      const { brokers, infos } = keys.fixed;
      const text = jobText(id, argument);
      await callRaw("HSET", keys.running("dead"), id, text);
      await redis.inspector.call("ZADD", brokers, "1", "dead");
      await redis.inspector.call("HSET", infos, "dead", '{"lease_ms":1000}');
      await it.spin.startWorkers({ workers: new AsyncWorkers() });
      await setAside(it, text);
      await until("it is forgotten", async () => {
        return (await redis.inspector.call("ZSCORE", brokers, "dead")) === null;
      });
    });
  }
});

describe("a job of a task with a limit that no client can read", limit, () => {
  const head = `"id":"${ID}","status":2,"task_name":"limited","queue":"spinach"`;
  for (const [what, text] of Object.entries({
    "as its retries are a text": `{${head},"max_retries":3,"retries":"x","at":1,"at_us":0,"task_args":[],"task_kwargs":{}}`,
    "as a member comes twice": `{${head},${REST},"task_args":[],"task_name":"count"}`,
  })) {
    test(`${what}, is set aside, and holds no permit`, async () => {
      await using it = redisBench(redis.url);
      it.spin.task("limited", { maxConcurrency: 1 }, () => undefined);
      await callRaw("RPUSH", `${it.namespace}/spinach`, text);
      const done = ended(it, 2);
      for (let index = 0; index < 2; index += 1) await it.spin.schedule("limited");
      await it.spin.startWorkers({ workers: new AsyncWorkers() });
      await done;
      await setAside(it, text);
    });
  }
});
