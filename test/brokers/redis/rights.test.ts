/** Rights that a user of Redis lacks are told at the start, all of them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { LUA_SCRIPTS } from "../../../src/brokers/redis/lua-scripts.ts";
import { RedisBroker } from "../../../src/brokers/redis/redis-broker.ts";
import { Engine } from "../../../src/engine/engine.ts";
import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import { inspect, type Inspector } from "./inspector.ts";
import { startRedis, type TestRedis } from "./redis-server.ts";

const DOCS = readFileSync(join(import.meta.dirname, "../../../docs/reliability.md"), "utf8");
/** Of a whole suite: each wait in it has a limit of its own, and says more. */
const LIMIT = { timeout: 300_000 };

let redis: TestRedis;
let inspector: Inspector;

before(async () => {
  redis = await startRedis();
  inspector = await inspect(redis.url);
});
after(async () => {
  inspector.close();
  await redis.stop();
});

async function engine(user: string, ...taken: readonly string[]): Promise<Engine> {
  const [command = ""] = new RegExp(`^ACL SETUSER ${user} .*$`, "mv").exec(DOCS) ?? [];
  await inspector.call("ACL", "DELUSER", user);
  await inspector.call(...command.split(" "), ...taken);
  const spin = new Engine(new RedisBroker(redis.url.replace("//", `//${user}:secret@`)));
  spin.task("task", () => undefined);
  return spin;
}

describe("RedisBroker of a user that lacks rights", LIMIT, () => {
  test("names them all at the first schedule(), with the remedy, and works once they are given", async () => {
    await using spin = await engine("spinach-producer", "-publish", "-rpush", "-zadd");
    await assert.rejects(spin.schedule("task"), {
      name: "BrokerError",
      message:
        "Redis: this user may not schedule jobs: it has no right to PUBLISH, RPUSH, ZADD on the keys, or the channel, of the namespace: " +
        "run ACL SETUSER <user> ~spinach/* &spinach/* +publish +rpush +zadd; the smallest rights are in docs/reliability.md",
    });
    assert.deepEqual(await inspector.keys("spinach"), []);
    await inspector.call("ACL", "SETUSER", "spinach-producer", "+publish", "+rpush", "+zadd");
    await spin.schedule("task");
    await inspector.call("FLUSHALL");
  });

  test("names a channel that it may not use", async () => {
    await using spin = await engine("spinach-producer", "resetchannels");
    await assert.rejects(spin.schedule("task"), /no right to PUBLISH.*&spinach\/\*/v);
  });

  const all = new Set(LUA_SCRIPTS.flatMap((script) => script.commands));
  // Without this one no connection is made.
  const commands = [...all].filter((command) => command !== "EXISTS");
  for (const command of commands) {
    test(`rejects startWorkers() without the right to ${command}, and leaves nothing behind`, async () => {
      await using spin = await engine("spinach-worker", `-${command.toLowerCase()}`);
      await assert.rejects(
        spin.startWorkers({ workers: new AsyncWorkers() }),
        new RegExp(
          String.raw`no right to ${command} on the keys.* \+${command.toLowerCase()};`,
          "v",
        ),
      );
      assert.deepEqual(await inspector.keys("spinach"), []);
    });
  }
});
