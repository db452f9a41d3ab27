/** A client of the user's own: its options are read, and it is left alone. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { createClient } from "@redis/client";

import { until } from "../../../src/testing/waits.ts";
import { type CountingEngine, countingEngine } from "./counting-engine.ts";
import { inspect, type Inspector } from "./inspector.ts";
import { startRedis, type TestRedis } from "./redis-server.ts";

const SECRET = "p@ss/word%";
const USER = { username: "app", password: SECRET };

let redis: TestRedis;
/** Of each database. */
let inspectors: Inspector[];
let namespaces = 0;

before(async () => {
  redis = await startRedis();
  inspectors = await Promise.all([0, 1, 2].map((database) => inspect(`${redis.url}/${database}`)));
  await setUser(USER.username, "resetchannels", "&*");
  await setUser("no-channels", "resetchannels");
  await setUser("no-pub", "&*", "-publish");
});
after(async () => {
  for (const inspector of inspectors) inspector.close();
  await redis.stop();
});

/** A user who may do all, but for further rules. */
async function setUser(name: string, ...rules: readonly string[]): Promise<void> {
  const all = ["on", `>${SECRET}`, "~*", "+@all"];
  await inspectors[0]?.call("ACL", "SETUSER", name, ...all, ...rules);
}

function newNamespace(): string {
  namespaces += 1;
  return `test-${namespaces}`;
}

/** In which databases there is something of the namespace. */
async function databasesOf(namespace: string): Promise<readonly number[]> {
  const keys = await Promise.all(inspectors.map((inspector) => inspector.keys(namespace)));
  return keys.flatMap((found, database) => (found.length > 0 ? [database] : []));
}

async function runsIn(it: CountingEngine, database: number): Promise<void> {
  await it.spin.schedule("count", 1);
  assert.deepEqual(await databasesOf(it.namespace), [database]);
  await it.startWorkers();
  await it.ran("count", 1);
  // The heartbeat's thread is where the jobs are.
  assert.deepEqual(await databasesOf(it.namespace), [database]);
}

function withUser(path: string): string {
  return redis.url.replace("//", `//app:${encodeURIComponent(SECRET)}@`) + path;
}

describe("RedisBroker given a client of createClient", () => {
  const made: ReadonlyArray<
    readonly [string, () => NonNullable<Parameters<typeof createClient>[0]>]
  > = [
    ["a URL", () => ({ url: withUser("/2") })],
    ["a URL, user and database", () => ({ url: redis.url, ...USER, database: 2 })],
    [
      "a socket, user and database",
      () => ({ socket: { host: "127.0.0.1", port: redis.port }, ...USER, database: 2 }),
    ],
  ];
  for (const [what, options] of made) {
    test(`made of ${what} works where the client does, and neither uses nor closes it`, async () => {
      const client = createClient(options());
      await client.connect();
      try {
        {
          await using it = countingEngine({ redis: client, namespace: newNamespace() });
          await runsIn(it, 2);
        }
        assert.equal(client.isOpen, true);
        assert.equal(await client.aclWhoAmI(), USER.username);
      } finally {
        client.destroy();
      }
    });
  }

  test("that is not connected, or is closed, needs only its options", async () => {
    const client = createClient({ url: withUser("/1") });
    await using it = countingEngine({ redis: client, namespace: newNamespace() });
    await runsIn(it, 1);
    assert.equal(client.isOpen, false);
  });
});

describe("RedisBroker given a URL", () => {
  test("with a user, an encoded password and a database", async () => {
    await using it = countingEngine({ redis: withUser("/2"), namespace: newNamespace() });
    await runsIn(it, 2);
  });

  test("[G12] tries again, and says why, as long as its user may not listen", async () => {
    await setUser("deaf", "resetchannels", "&*", "-subscribe");
    const options = { url: redis.url, username: "deaf", password: SECRET };
    await using it = countingEngine({ redis: options, namespace: newNamespace() });
    await it.startWorkers();
    await until("it says why", () =>
      it.lines.find(
        ({ fields }) =>
          "err" in fields && fields.err instanceof Error && /NOPERM/v.test(fields.err.message),
      ),
    );
    const isWorking = (): boolean =>
      it.lines.some(({ message }) => message.includes("works again"));
    assert.equal(isWorking(), false);
    await setUser("deaf", "+subscribe");
    await until("it works", isWorking);
    await it.spin.schedule("count", 1);
    await it.ran("count", 1);
    // Nothing may be missed that is published from now on.
    const [, heard] = [
      await inspectors[0]?.call("PUBSUB", "NUMSUB", `${it.namespace}/_notifications`),
    ].flat();
    assert.equal(heard, 1);
  });
});
