/** What does not lead to a Redis: one clear error, in time, and nothing is left behind. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";

import type { RedisBrokerOptions } from "../../../src/brokers/redis/redis-broker-options.ts";
import type { RedisOptions } from "../../../src/brokers/redis/redis-target.ts";
import { freePort, type RedisProcess, startRedisProcess } from "./redis-process.ts";

/** For what is tried again until the time of a call is over. */
const SHORT = { callTimeout: 1000 };

const SECRET = "ins4ne secret";

let locked: RedisProcess;
let sentinel: RedisProcess;

before(async () => {
  locked = await startRedisProcess({ flags: ["--requirepass", SECRET] });
  const watched = `sentinel monitor main 127.0.0.1 ${await freePort()} 1`;
  sentinel = await startRedisProcess({ config: [watched], flags: ["--sentinel"] });
});
after(async () => {
  await locked.stop();
  await sentinel.stop();
});

/** What a program prints that starts, and ends by itself. */
async function outputOf(
  redis: string | RedisOptions,
  options: RedisBrokerOptions,
  then: "close" | "wait",
): Promise<string> {
  const program = join(import.meta.dirname, "programs/start.ts");
  const args = [JSON.stringify(redis), JSON.stringify(options), "{bad-start}", then];
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 60_000,
    killSignal: "SIGKILL",
  });
  const [out, err] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit"),
  ]);
  assert.deepEqual({ code: child.exitCode, err }, { code: 0, err: "" });
  return out.trimEnd();
}

/** The one error of a program that starts. */
async function errorOf(
  redis: string | RedisOptions,
  options: RedisBrokerOptions = {},
): Promise<string> {
  const output = await outputOf(redis, options, "wait");
  assert.equal(output.split("\n").length, 1, output);
  assert.doesNotMatch(output, new RegExp(`${SECRET}|${encodeURIComponent(SECRET)}`, "v"));
  return output;
}

async function listening(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  after(() => server.close());
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const TITLE = "[G12] [G15] one clear error, and the program ends, when RedisBroker meets";

// Most of them only wait.
describe(TITLE, { concurrency: 4 }, () => {
  test("a port where nobody listens", async () => {
    const port = await freePort();
    assert.match(
      await errorOf(`redis://127.0.0.1:${port}`, SHORT),
      new RegExp(`^Redis: connecting failed: connect ECONNREFUSED 127.0.0.1:${port}$`, "v"),
    );
  });

  test("a host of several addresses where nobody listens", async () => {
    const port = await freePort();
    assert.match(
      await errorOf(`redis://localhost:${port}`, SHORT),
      new RegExp(`^Redis: connecting failed: connect ECONNREFUSED .*:${port}$`, "v"),
    );
  });

  test("a server that never answers", async () => {
    const url = await listening(createServer());
    assert.match(
      await errorOf(url, SHORT),
      /^Redis: connecting failed: connecting took longer than 1000 ms$/v,
    );
  });

  test("a server that is no Redis", async () => {
    const url = await listening(createHttpServer());
    assert.match(await errorOf(url, SHORT), /^Redis: connecting failed: \S/v);
  });

  test("a password that it lacks", async () => {
    assert.match(
      await errorOf(locked.url),
      /^Redis: connecting failed: NOAUTH .*; give RedisBroker a username and password/v,
    );
  });

  test("a wrong password, which is not told", async () => {
    const { url } = locked;
    for (const redis of [
      url.replace("//", `//:${encodeURIComponent(`not ${SECRET}`)}@`),
      { url, password: `not ${SECRET}` },
      { url, username: "nobody", password: SECRET },
    ]) {
      assert.match(
        await errorOf(redis),
        /^Redis: connecting failed: WRONGPASS .*; check the username and password/v,
      );
    }
  });

  test("sentinels that know no primary of that name", async () => {
    const dead = { host: "127.0.0.1", port: await freePort() };
    const known = { host: "127.0.0.1", port: sentinel.port };
    assert.equal(
      await errorOf({ name: "other", sentinelRootNodes: [dead, known] }),
      'Redis: the sentinels know no primary named "other": check the name given to RedisBroker',
    );
  });

  test("sentinels none of which answers", async () => {
    const dead = { host: "127.0.0.1", port: await freePort() };
    assert.match(
      await errorOf({ name: "main", sentinelRootNodes: [dead] }, SHORT),
      /^Redis: asking the sentinels for the primary "main" failed: connect ECONNREFUSED/v,
    );
  });

  test("a primary that is down, and no replica", async () => {
    const known = { host: "127.0.0.1", port: sentinel.port };
    assert.match(
      await errorOf({ name: "main", sentinelRootNodes: [known] }, SHORT),
      /^Redis: connecting failed: connect ECONNREFUSED/v,
    );
  });

  test("nodes of a cluster none of which answers", async () => {
    const url = `redis://127.0.0.1:${await freePort()}`;
    assert.match(
      await errorOf({ rootNodes: [{ url }] }, SHORT),
      /^Redis: asking the cluster's nodes for its slots failed: connect ECONNREFUSED/v,
    );
  });

  test("a single server in place of a cluster, or of a sentinel", async () => {
    const node = { url: locked.url, password: SECRET };
    assert.match(
      await errorOf({ rootNodes: [node] }),
      /^Redis: asking the cluster's nodes .* cluster support disabled/v,
    );
    const sentinelRootNodes = [{ host: "127.0.0.1", port: locked.port }];
    assert.match(
      await errorOf({
        name: "main",
        sentinelRootNodes,
        sentinelClientOptions: { password: SECRET },
      }),
      /^Redis: asking the sentinels .* unknown command/v,
    );
  });
});

describe(
  "[G15] close() while RedisBroker connects leaves nothing behind:",
  { concurrency: 3 },
  () => {
    /** What is left of a call ends by itself after its time, which is far longer than the test. */
    const options = { callTimeout: 50_000 };
    const targets: ReadonlyArray<readonly [string, (url: string) => string | RedisOptions]> = [
      ["a single server", (url) => url],
      ["a cluster", (url) => ({ rootNodes: [{ url }] })],
      [
        "sentinels",
        (url) => ({
          name: "main",
          sentinelRootNodes: [{ host: "127.0.0.1", port: Number(new URL(url).port) }],
        }),
      ],
    ];
    for (const [what, target] of targets) {
      test(what, async () => {
        const startedMs = performance.now();
        await outputOf(target(await listening(createServer())), options, "close");
        assert.ok(performance.now() - startedMs < options.callTimeout / 2);
      });
    }
  },
);
