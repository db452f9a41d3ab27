/** Credentials that change, and a user's own check of the server's certificate, on a real Redis. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { createServer, type PeerCertificate, type Server } from "node:tls";
import { inspect as show } from "node:util";

import type { RedisOptions } from "../../../src/brokers/redis/redis-target.ts";
import { until, within } from "../../../src/testing/waits.ts";
import { type CountingEngine, countingEngine } from "./counting-engine.ts";
import { inspect, type Inspector } from "./inspector.ts";
import { startRedis, type TestRedis } from "./redis-server.ts";

/** Of a whole suite: each wait in it has a limit of its own, and says more. */
const LIMIT = { timeout: 300_000 };

/** For the heartbeat's connection a quarter of it, half of which it waits for an answer. */
const LEASE_MS = 2000;

let redis: TestRedis;
let inspector: Inspector;
let namespaces = 0;

before(async () => {
  redis = await startRedis();
  inspector = await inspect(redis.url);
});
afterEach(async () => {
  await inspector.call("CONFIG", "SET", "requirepass", "");
});
after(async () => {
  inspector.close();
  await redis.stop();
});

function engine(options: RedisOptions): CountingEngine {
  namespaces += 1;
  const namespace = `asked-${namespaces}`;
  return countingEngine({
    redis: options,
    namespace,
    options: { lease: LEASE_MS, callTimeout: 1000 },
  });
}

/** At the server of the tests. */
function socket(port = redis.port): { readonly host: string; readonly port: number } {
  return { host: "127.0.0.1", port };
}

/** When the heartbeat thread of the only process said last that it lives. */
async function lastBeat({ namespace }: CountingEngine): Promise<unknown> {
  return inspector.call("ZRANGE", `${namespace}/_all_brokers_zset`, "0", "-1", "WITHSCORES");
}

async function beats(it: CountingEngine): Promise<void> {
  const last = JSON.stringify(await lastBeat(it));
  await until("the heartbeat", async () => JSON.stringify(await lastBeat(it)) !== last);
}

/** Starts workers, and waits until all connections are made. */
async function isJoined(it: CountingEngine): Promise<void> {
  await it.startWorkers();
  await it.spin.schedule("once", 1);
  await it.ran("once", 1);
}

/** Ends all connections but that of the tests. */
async function killAll(): Promise<void> {
  await inspector.call("CLIENT", "KILL", "TYPE", "normal");
  await inspector.call("CLIENT", "KILL", "TYPE", "pubsub");
}

async function areBack(it: CountingEngine): Promise<void> {
  for (const connection of ["commands", "notifications"]) {
    await until(`the connection for ${connection} is back`, () =>
      it.linesOf(connection, "is back").at(0),
    );
  }
}

describe("RedisBroker with a password that is a function", LIMIT, () => {
  test("asks before each connection: one that was changed is used, by the heartbeat thread too", async () => {
    let current = "first";
    await inspector.call("CONFIG", "SET", "requirepass", current);
    await using it = engine({ socket: socket(), password: async () => current });
    await isJoined(it);
    const released = Promise.withResolvers<void>();
    it.hold(1, released.promise);
    await it.spin.schedule("count", 1);
    await it.ran("count", 1);
    await beats(it);
    current = "second";
    await inspector.call("CONFIG", "SET", "requirepass", current);
    await killAll();
    await areBack(it);
    // While the job is held it beats three times a lease.
    await beats(it);
    released.resolve();
    await it.spin.schedule("once", 2);
    await it.ran("once", 2);
    assert.deepEqual(
      it.lines.filter(({ message }) => message.includes("lost its lease")),
      [],
    );
    assert.doesNotMatch(show(it.lines, { depth: 9 }), /first|second/v);
  });

  test("asks for the username too: a user of its own can be replaced by another", async () => {
    const rights = ["on", "~*", "&*", "+@all"];
    await inspector.call("ACL", "SETUSER", "app-1", ...rights, ">one");
    await inspector.call("ACL", "SETUSER", "app-2", ...rights, ">two");
    let [username, password] = ["app-1", "one"];
    await using it = engine({
      socket: socket(),
      username: () => username,
      password: () => Promise.resolve(password),
    });
    await isJoined(it);
    [username, password] = ["app-2", "two"];
    await inspector.call("ACL", "DELUSER", "app-1");
    await areBack(it);
    await it.spin.schedule("once", 2);
    await it.ran("once", 2);
  });

  test("that fails is told of, and asked again by the next attempt", async () => {
    let isSealed = true;
    const password = (): string => {
      // As fetch() fails: it must not be taken for a mistake in the program, which never passes.
      if (isSealed) throw new TypeError("the vault is sealed");
      return "secret";
    };
    await inspector.call("CONFIG", "SET", "requirepass", "secret");
    await using it = engine({ socket: socket(), password });
    await assert.rejects(it.startWorkers(), {
      name: "BrokerError",
      message:
        "Redis: connecting failed: the function given as password failed: the vault is sealed",
    });
    isSealed = false;
    await isJoined(it);
    isSealed = true;
    await killAll();
    await until("the loss", () => it.linesOf("commands", "is lost").at(0));
    isSealed = false;
    await areBack(it);
    await it.spin.schedule("once", 2);
    await it.ran("once", 2);
  });

  test("that gives no string, or nothing at all, is told of", async () => {
    const number: unknown = 12_345;
    await using odd = engine({ socket: socket(), password: () => number as string });
    await assert.rejects(
      odd.startWorkers(),
      /function given as password must give a string, got a value of type number/v,
    );
    const { promise: never } = Promise.withResolvers<string>();
    await using silent = engine({ socket: socket(), password: () => never });
    await assert.rejects(
      within("the refusal", silent.startWorkers()),
      /asking for the credentials took longer than 1000 ms/v,
    );
  });

  test("[G5] gives the heartbeat thread the last one while the event loop is blocked", async () => {
    await inspector.call("ACL", "SETUSER", "app-3", "on", "~*", "&*", "+@all", ">three");
    await using it = engine({ socket: socket(), username: "app-3", password: () => "three" });
    const cli = (...args: readonly string[]): string =>
      execFileSync("redis-cli", ["-p", String(redis.port), ...args], { encoding: "utf8" });
    const beat = (): string =>
      cli("ZRANGE", `${it.namespace}/_all_brokers_zset`, "0", "-1", "WITHSCORES");
    let hasBeaten = false;
    it.spin.task("blocks", () => {
      cli("CLIENT", "KILL", "USER", "app-3");
      const last = beat();
      const givenUpMs = performance.now() + 10_000;
      while (!hasBeaten && performance.now() < givenUpMs) hasBeaten = beat() !== last;
    });
    await it.startWorkers();
    await it.spin.schedule("blocks");
    await until("it has ended", () => hasBeaten);
  });
});

describe("RedisBroker with a checkServerIdentity", LIMIT, () => {
  const folder = join(import.meta.dirname, "../../fixtures/tls");
  const [key, cert] = ["key.pem", "certificate.pem"].map((name) =>
    readFileSync(join(folder, name), "utf8"),
  );
  const sockets = new Set<Socket>();
  let tls: Server;
  let port = 0;

  before(async () => {
    tls = createServer({ key, cert }, (client) => {
      const target = connect(redis.port, "127.0.0.1");
      for (const one of [client, target]) {
        sockets.add(one);
        one.on("error", () => one.destroy());
        one.once("close", () => {
          client.destroy();
          target.destroy();
        });
      }
      client.pipe(target).pipe(client);
    });
    tls.on("tlsClientError", () => undefined);
    tls.listen(0, "127.0.0.1");
    await once(tls, "listening");
    const address = tls.address();
    port = typeof address === "object" && address !== null ? address.port : 0;
  });
  after(() => {
    for (const one of sockets) one.destroy();
    tls.close();
  });

  function checked(check: (host: string, certificate: PeerCertificate) => unknown): CountingEngine {
    // @ts-expect-error -- a check may return anything
    return engine({ socket: { ...socket(port), tls: true, ca: cert, checkServerIdentity: check } });
  }

  test("asks it for each connection: one that holds is used, by the heartbeat thread too", async () => {
    const pinned = cert?.replaceAll(/-----.*-----|\s/gv, "");
    const seen: string[] = [];
    await using it = checked((host, { raw }) => {
      seen.push(host);
      return raw.toString("base64") === pinned ? undefined : new Error("not pinned");
    });
    await it.startWorkers();
    const released = Promise.withResolvers<void>();
    it.hold(1, released.promise);
    await it.spin.schedule("count", 1);
    await it.ran("count", 1);
    await beats(it);
    released.resolve();
    assert.deepEqual(seen, ["127.0.0.1", "127.0.0.1", "127.0.0.1"]);
  });

  const refused = [
    ["refuses", () => new Error("not our Redis"), /not our Redis/v],
    [
      "throws",
      () => {
        throw new Error("cannot tell");
      },
      /checkServerIdentity failed: cannot tell/v,
    ],
    ["is async", async () => undefined, /must return undefined or an Error, got/v],
  ] as const;
  for (const [what, check, reason] of refused) {
    test(`that ${what} keeps it from connecting`, async () => {
      await using it = checked(check);
      await assert.rejects(it.startWorkers(), reason);
    });
  }

  test("refuses the heartbeat's connection when it refuses that alone", async () => {
    let asked = 0;
    await using it = checked(() => {
      asked += 1;
      return asked === 1 ? undefined : new Error("not our Redis");
    });
    await it.startWorkers();
    await until("the refusal", () => show(it.lines, { depth: 9 }).includes("not our Redis"));
    assert.equal(await inspector.call("EXISTS", `${it.namespace}/_all_brokers_zset`), 0);
  });
});
