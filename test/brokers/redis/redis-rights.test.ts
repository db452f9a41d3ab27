/** The smallest rights of a user of Redis, as docs/reliability.md has them: they are enough, and what is missing of them is told. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, beforeEach, describe, test } from "node:test";

import { LUA_SCRIPTS } from "../../../src/brokers/redis/lua-scripts.ts";
import { RedisBroker } from "../../../src/brokers/redis/redis-broker.ts";
import { RetryError } from "../../../src/core/errors.ts";
import { Engine } from "../../../src/engine/engine.ts";
import { RecordingLogger } from "../../../src/testing/recording-logger.ts";
import { until } from "../../../src/testing/waits.ts";
import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import { ownRedis } from "./own-redis.ts";

const DOCS = readFileSync(join(import.meta.dirname, "../../../docs/reliability.md"), "utf8");
/** Of a whole suite: each wait in it has a limit of its own, and says more. */
const LIMIT = { timeout: 300_000 };

const redis = ownRedis();

interface Program extends AsyncDisposable {
  readonly spin: Engine;
  readonly warnings: () => readonly string[];
}

function program(user: string): Program {
  const logger = new RecordingLogger();
  const url = redis.url.replace("//", `//${user}:secret@`);
  const spin = new Engine(new RedisBroker(url, { lease: 1000 }), { logger });
  const warnings = (): readonly string[] =>
    logger.lines
      .filter(({ level }) => level === "warn" || level === "error")
      .map(({ message }) => message);
  return { spin, warnings, [Symbol.asyncDispose]: () => spin.close({ timeout: 0 }) };
}

/** What a user has been refused; Redis keeps a list. CONFIG may be. */
async function refused(): Promise<readonly string[]> {
  const log = JSON.stringify(await redis.inspector.call("ACL", "LOG"));
  return [...log.matchAll(/"object":"(?<object>[^"]+)"/gv)].map(
    ({ groups }) => groups?.["object"] ?? "",
  );
}

describe("a user of Redis with the rights in docs/reliability.md", LIMIT, () => {
  before(async () => {
    const users = DOCS.matchAll(/^ACL SETUSER .*$/gmv);
    for (const [command] of users) await redis.inspector.call(...command.split(" "));
  });

  test("schedules, runs, retries, limits, repeats and sets aside, and is refused nothing", async () => {
    await using web = program("spinach-producer");
    await using worker = program("spinach-worker");
    const ran: string[] = [];
    const run = (name: string): void => void ran.push(name);
    worker.spin.task("plain", () => run("plain"));
    worker.spin.task("limited", { maxConcurrency: 1, maxRetries: 1 }, () => run("limited"));
    worker.spin.task("periodic", { periodicity: 100 }, () => run("periodic"));
    let attempts = 0;
    worker.spin.task("again", { maxRetries: 1 }, () => {
      attempts += 1;
      if (attempts === 1) throw new RetryError("again", { at: new Date(Date.now() + 20) });
      run("again");
    });
    for (const name of ["plain", "limited", "again"])
      web.spin.task(name, { maxRetries: 1 }, () => undefined);
    await worker.spin.startWorkers({ workers: new AsyncWorkers() });
    await web.spin.schedule("plain");
    await web.spin.scheduleAt("plain", new Date(Date.now() + 100));
    await worker.spin.schedule("plain");
    for (let job = 0; job < 3; job += 1) await web.spin.schedule("limited");
    await web.spin.schedule("again");
    const count = (name: string): number => ran.filter((each) => each === name).length;
    await until("all have run", () => count("plain") === 3 && count("limited") === 3);
    await until(
      "the retry, and the periodic task",
      () => count("again") > 0 && count("periodic") > 1,
    );
    // What other programs leave under our keys is set aside all the same.
    await redis.inspector.call("RPUSH", "spinach/spinach", "no job");
    await web.spin.schedule("plain");
    await until("the next one has run", () => count("plain") === 4);
    await worker.spin.close();
    assert.deepEqual(web.warnings(), []);
    const quarantine = "set aside something that is no job, or of the wrong type";
    const own = worker.warnings().filter((message) => !message.startsWith("again failed"));
    assert.deepEqual([...new Set(own)], [quarantine]);
    assert.deepEqual(
      [...new Set(await refused())].filter((object) => !object.startsWith("config")),
      [],
    );
  });

  test("may run each command of the scripts that it needs", () => {
    const scripts = {
      "spinach-producer": ["enqueue"],
      "spinach-worker": LUA_SCRIPTS.map(({ name }) => name),
    };
    for (const [user, names] of Object.entries(scripts)) {
      const rights = new RegExp(`^ACL SETUSER ${user} (?<rights>.*)$`, "mv")
        .exec(DOCS)
        ?.groups?.["rights"]?.split(" ");
      const needed = LUA_SCRIPTS.filter(({ name }) => names.includes(name)).flatMap(
        ({ commands }) => commands,
      );
      const missing = needed.filter(
        (command) => rights?.includes(`+${command.toLowerCase()}`) !== true,
      );
      assert.deepEqual(missing, [], user);
    }
  });

  test("is told the remedy where it has too few", async () => {
    await using web = program("spinach-producer");
    web.spin.task("plain", () => undefined);
    await redis.inspector.call("ACL", "SETUSER", "spinach-producer", "-evalsha", "-eval");
    await assert.rejects(
      web.spin.schedule("plain"),
      /NOPERM.*; the smallest rights, as ACL SETUSER takes them, are in docs\/reliability\.md/v,
    );
  });
});

async function engine(user: string, ...taken: readonly string[]): Promise<Engine> {
  const [command = ""] = new RegExp(`^ACL SETUSER ${user} .*$`, "mv").exec(DOCS) ?? [];
  await redis.inspector.call("ACL", "DELUSER", user);
  await redis.inspector.call(...command.split(" "), ...taken);
  const spin = new Engine(new RedisBroker(redis.url.replace("//", `//${user}:secret@`)));
  spin.task("task", () => undefined);
  return spin;
}

describe("RedisBroker of a user that lacks rights", LIMIT, () => {
  beforeEach(async () => {
    await redis.inspector.call("FLUSHALL");
  });

  test("names them all at the first schedule(), with the remedy, and works once they are given", async () => {
    await using spin = await engine("spinach-producer", "-publish", "-rpush", "-zadd");
    await assert.rejects(spin.schedule("task"), {
      name: "BrokerError",
      message:
        "Redis: this user may not schedule jobs: it has no right to PUBLISH, RPUSH, ZADD on the keys, or the channel, of the namespace: " +
        "run ACL SETUSER <user> ~spinach/* &spinach/* +publish +rpush +zadd; the smallest rights are in docs/reliability.md",
    });
    assert.deepEqual(await redis.inspector.keys("spinach"), []);
    await redis.inspector.call("ACL", "SETUSER", "spinach-producer", "+publish", "+rpush", "+zadd");
    await spin.schedule("task");
  });

  test("names a channel that it may not use", async () => {
    await using spin = await engine("spinach-producer", "resetchannels");
    await assert.rejects(spin.schedule("task"), /no right to PUBLISH.*&spinach\/\*/v);
  });

  test("leaves what another program keeps under the name of the key of the trial", async () => {
    await redis.inspector.call("HSET", "spinach/_rights", "field", "another program's");
    await using spin = await engine("spinach-worker");
    await spin.startWorkers({ workers: new AsyncWorkers() });
    assert.equal(
      await redis.inspector.call("HGET", "spinach/_rights", "field"),
      "another program's",
    );
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
      assert.deepEqual(await redis.inspector.keys("spinach"), []);
    });
  }
});
