/** A Redis that is there and not ready, at the very start: it is waited for, as later. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { describe, test } from "node:test";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";

import { EngineClosedError } from "../../../src/core/errors.ts";
import { until } from "../../../src/testing/waits.ts";
import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import { type EngineBench, engineBench, linesWith } from "./engine-bench.ts";
import { inspect, type Inspector } from "./inspector.ts";
import { freePort } from "./redis-process.ts";
import { startRedis, type TestRedis } from "./redis-server.ts";

/** Shorter than what is waited for, in ms. */
const SHORT = { callTimeout: 300, enqueueTimeout: 300 };

/** Of the keys that a server loads: some seconds, at `DELAY` each. */
const KEYS = 300;
const DELAY = [
  "--key-load-delay",
  "10000",
  "--rdbcompression",
  "no",
  "--loading-process-events-interval-bytes",
  "1024",
];

/** Of a whole suite: each wait in it has a limit of its own, and says more. */
const LIMIT = { timeout: 300_000 };

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** A server that begins to load its data. */
async function loadingServer(): Promise<TestRedis & { readonly loaded: Promise<void> }> {
  const redis = await startRedis(...DELAY);
  const inspector = await inspect(redis.url);
  const fill = "for i = 1, ARGV[1] do redis.call('SET', 'key ' .. i, string.rep('x', 200)) end";
  await inspector.call("EVAL", fill, "0", String(KEYS));
  await inspector.call("SAVE");
  inspector.close();
  await redis.kill();
  const loaded = redis.restart();
  await until("it accepts connections", () => accepts(redis.port));
  const stop = async (): Promise<void> => {
    // Until then it does not know the new process.
    await loaded;
    await redis.stop();
  };
  return { ...redis, loaded, stop };
}

function disposable<Redis extends TestRedis>(redis: Redis): Redis & AsyncDisposable {
  return { ...redis, [Symbol.asyncDispose]: () => redis.stop() };
}

async function startWorkers({ spin }: EngineBench): Promise<void> {
  await spin.startWorkers({ workers: new AsyncWorkers() });
}

/** Starts workers that must wait until `end` was called. */
async function waitsFor(redis: TestRedis, why: RegExp, end: () => Promise<unknown>): Promise<void> {
  await using bench = engineBench(redis.url, SHORT);
  bench.openGate();
  let hasStarted = false;
  const started = startWorkers(bench).then(() => {
    hasStarted = true;
  });
  await until(
    "it is told that Redis is waited for",
    () => linesWith(bench, "waited for").length > 0,
  );
  // Whoever schedules is told in time, as later.
  await assert.rejects(bench.spin.schedule("at most once", 1), why);
  assert.equal(hasStarted, false);
  await end();
  await started;
  await bench.spin.schedule("at most once", 2);
  await until("the job has run", () => bench.ended >= 1);
  const [line, ...more] = linesWith(bench, "waited for").filter(
    ({ fields }) => "connection" in fields && fields.connection === "commands",
  );
  assert.match(line?.message ?? "", /^Redis is not ready, and waited for: /v);
  assert.match(line?.message ?? "", why);
  assert.deepEqual(more, []);
}

describe("startWorkers() waits for a Redis that", LIMIT, () => {
  test("is loading its data", async () => {
    await using redis = disposable(await loadingServer());
    await waitsFor(redis, /LOADING/v, () => redis.loaded);
  });

  test("runs a long script", async () => {
    await using redis = disposable(await startRedis("--lua-time-limit", "10"));
    const inspector: Inspector = await inspect(redis.url);
    const script = inspector.call("EVAL", "while true do end", "0").catch(() => undefined);
    const other = await inspect(redis.url);
    await waitsFor(redis, /BUSY/v, async () => {
      await other.call("SCRIPT", "KILL");
      await script;
    });
    inspector.close();
    other.close();
  });

  test("has as many clients as it may have", async () => {
    await using redis = disposable(await startRedis());
    const inspector = await inspect(redis.url);
    await inspector.call("CONFIG", "SET", "maxclients", "1");
    await waitsFor(redis, /max number of clients/v, () =>
      inspector.call("CONFIG", "SET", "maxclients", "1000"),
    );
    inspector.close();
  });
});

describe(
  "startWorkers() rejects with EngineClosedError once the engine is closed, while",
  LIMIT,
  () => {
    test("Redis is loading its data", async () => {
      await using redis = disposable(await loadingServer());
      await using bench = engineBench(redis.url, SHORT);
      const started = assert.rejects(startWorkers(bench), EngineClosedError);
      await until("Redis is waited for", () => linesWith(bench, "waited for").length > 0);
      await bench.spin.close();
      await started;
    });

    test("the first connection fails", async () => {
      await using bench = engineBench(`redis://127.0.0.1:${await freePort()}`);
      const started = assert.rejects(startWorkers(bench), EngineClosedError);
      await bench.spin.close();
      await started;
    });
  },
);

describe("close() ends", LIMIT, () => {
  test("the pause of a schedule() that tries again, which rejects", async () => {
    await using redis = disposable(await startRedis());
    await using bench = engineBench(redis.url);
    await bench.spin.schedule("at most once", 1);
    await redis.kill();
    const settled: string[] = [];
    const scheduling = assert.rejects(bench.spin.schedule("at most once", 2)).then(() => {
      settled.push("schedule");
    });
    // Pauses grow to a second: it is within one.
    await sleep(1500);
    await bench.spin.close();
    await turn();
    assert.deepEqual(settled, ["schedule"]);
    await scheduling;
  });
});

describe("a connection that Redis closes because it is idle", LIMIT, () => {
  test("is made again, and told of at debug only", async () => {
    await using redis = disposable(await startRedis("--timeout", "1"));
    await using bench = engineBench(redis.url);
    await bench.spin.schedule("at most once", 1);
    const idle = (): number => linesWith(bench, "an idle connection to Redis was closed").length;
    await until("Redis has closed it", () => idle() > 0);
    await bench.spin.schedule("at most once", 2);
    assert.deepEqual(
      bench.logger.lines.filter(({ level }) => level !== "debug"),
      [],
    );
    await redis.kill();
    await until("a real loss is told", () => linesWith(bench, "is lost").length === 1);
  });
});
