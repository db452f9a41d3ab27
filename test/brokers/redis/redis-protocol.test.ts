/** Servers and proxies that know the older protocol only: they refuse HELLO, or end the connection at it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { describe, test } from "node:test";

import type { RedisLocation } from "../../../src/brokers/redis/redis-target.ts";
import { until } from "../../../src/testing/waits.ts";
import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import { type CountingEngine, countingEngine } from "./counting-engine.ts";
import { inspect } from "./inspector.ts";
import { startRedis, type TestRedis } from "./redis-server.ts";

/** Of a whole suite: each wait in it has a limit of its own, and says more. */
const LIMIT = { timeout: 300_000 };
const SECRET = "secret";

/** Jobs are scheduled, and run, in a process that is woken for one. */
async function works(redis: RedisLocation): Promise<void> {
  await using worker: CountingEngine = countingEngine({ redis, namespace: "protocol" });
  await using web: CountingEngine = countingEngine({ redis, namespace: "protocol" });
  await worker.spin.startWorkers({ workers: new AsyncWorkers() });
  for (let job = 0; job < 3; job += 1) {
    await web.spin.schedule("count", job);
    await until("the job has run", () => worker.runs.count.has(job));
  }
}

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

/** What stands before a server, and ends each connection on which HELLO is asked for. */
async function withProxy(port: number, act: (url: string) => Promise<void>): Promise<void> {
  const proxy = createServer((client) => {
    const server = connect(port, "127.0.0.1");
    for (const socket of [client, server]) socket.on("error", () => socket.destroy());
    client.on("data", (chunk) => {
      if (chunk.includes("HELLO")) client.destroy();
      else server.write(chunk);
    });
    client.once("close", () => server.destroy());
    server.pipe(client);
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const address = proxy.address();
  assert.ok(address !== null && typeof address !== "string");
  try {
    await act(`redis://127.0.0.1:${address.port}`);
  } finally {
    proxy.close();
  }
}

describe("RedisBroker works in the older protocol", LIMIT, () => {
  test("where the server does not know HELLO", async () => {
    const flags = ["--rename-command", "HELLO", ""];
    await onServer(flags, async ({ url }) => works(url));
    const locked = [...flags, "--requirepass", SECRET];
    await onServer(locked, async ({ url }) => works(url.replace("//", `//:${SECRET}@`)));
  });

  test("where the user may not say HELLO", async () => {
    await onServer([], async ({ url }) => {
      const inspector = await inspect(url);
      const rules = ["on", `>${SECRET}`, "~*", "&*", "+@all", "-hello"];
      await inspector.call("ACL", "SETUSER", "app", ...rules);
      await inspector.call("ACL", "SETUSER", "default", "-hello");
      await works(url.replace("//", `//app:${SECRET}@`));
      inspector.close();
    });
  });

  test("where it is told to, since a proxy ends connections at HELLO", async () => {
    await onServer([], async ({ port }) => {
      await withProxy(port, async (url) => works({ url, RESP: 2 }));
    });
  });
});
