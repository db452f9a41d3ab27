/** Jobs that are large for the line to Redis: each of them arrives, and no call is repeated for ever. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { RedisKeys } from "../../../src/brokers/redis/redis-keys.ts";
import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import { inspect, type Inspector } from "./inspector.ts";
import {
  ended,
  logged,
  redisBench,
  type RedisBench,
  type RedisBenchOptions,
} from "./redis-bench.ts";
import { startRedis, type TestRedis } from "./redis-server.ts";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

const KB = 1000;
/** Far longer than any of these takes where it is right. */
const LIMIT = { timeout: 60_000 };

let redis: TestRedis;
let proxy: TcpProxy;
let inspector: Inspector;

before(async () => {
  redis = await startRedis();
  inspector = await inspect(redis.url);
});
after(async () => {
  inspector.close();
  await redis.stop();
});

/** Two engines in one namespace: one beside Redis, one behind a line that is thin in one or both directions. */
interface ThinLine extends AsyncDisposable {
  readonly near: RedisBench;
  readonly far: RedisBench;
}

let lines = 0;

async function thinLine(
  bandwidth: { readonly up?: number; readonly down?: number },
  options: RedisBenchOptions = {},
): Promise<ThinLine> {
  lines += 1;
  const namespace = `thin-${lines}`;
  proxy = await startTcpProxy(redis.port);
  const near = redisBench(redis.url, { namespace });
  const far = redisBench(`redis://127.0.0.1:${proxy.port}`, {
    callTimeout: 300,
    ...options,
    namespace,
  });
  for (const { spin } of [near, far]) spin.task("large", { maxRetries: 3 }, (_text: string) => {});
  proxy.up.narrow(bandwidth.up ?? Infinity);
  proxy.down.narrow(bandwidth.down ?? Infinity);
  return {
    near,
    far,
    [Symbol.asyncDispose]: async () => {
      proxy.up.narrow(Infinity);
      proxy.down.narrow(Infinity);
      await near.spin.close();
      await far.spin.close();
      await proxy.close();
    },
  };
}

function warnings({ logger }: RedisBench): readonly string[] {
  return logger.lines.filter(({ level }) => level === "warn").map(({ message }) => message);
}

describe("a job that takes longer than callTimeout on its way", () => {
  test("is scheduled, as long as the line moves", LIMIT, async () => {
    await using it = await thinLine({ up: 200 * KB });
    await it.far.spin.schedule("large", "x".repeat(400 * KB));
    assert.deepEqual(warnings(it.far), []);
    assert.equal(proxy.up.passedBytes < 450 * KB, true, "it was sent once");
  });

  test("is fetched, as long as the line moves", LIMIT, async () => {
    await using it = await thinLine({ down: 200 * KB });
    await it.near.spin.schedule("large", "x".repeat(400 * KB));
    const done = ended(it.far, 1);
    await it.far.spin.startWorkers({ workers: new AsyncWorkers() });
    await done;
    assert.deepEqual(warnings(it.far), []);
    assert.equal(proxy.down.passedBytes < 450 * KB, true, "it came once");
  });
});

describe("schedule() calls made at once", () => {
  const schedule = async ({ spin }: RedisBench, calls: number, text: string): Promise<void> => {
    await Promise.all(Array.from({ length: calls }, () => spin.schedule("large", text)));
  };
  const queued = ({ namespace }: RedisBench): Promise<unknown> =>
    inspector.call("LLEN", new RedisKeys(namespace).queue("spinach"));

  test("share a request as far as 1 MiB goes", LIMIT, async () => {
    await using it = await thinLine({});
    await it.far.spin.schedule("large", "");
    await inspector.resetCounts();
    await schedule(it.far, 30, "x".repeat(100 * KB));
    const { evalsha } = await inspector.commandCounts();
    assert.equal(evalsha, 3);
  });

  test("are fewer a request after one that was late, and all arrive once", LIMIT, async () => {
    await using it = await thinLine({});
    await it.far.spin.schedule("large", "");
    await inspector.resetCounts();
    proxy.freeze(true);
    const scheduled = schedule(it.far, 8, "x".repeat(500));
    await logged(it.far, "is lost");
    proxy.freeze(false);
    await scheduled;
    const { evalsha } = await inspector.commandCounts();
    assert.equal(evalsha, 2, "the first four, then the others");
    assert.equal(await queued(it.far), 9);
  });

  test(
    "arrive once where the reply to all of them was late, and fewer are sent again",
    LIMIT,
    async () => {
      await using it = await thinLine({});
      await it.far.spin.schedule("large", "");
      proxy.down.narrow(1);
      const scheduled = schedule(it.far, 8, "x".repeat(500));
      await logged(it.far, "is lost");
      assert.equal(await queued(it.far), 9);
      proxy.down.narrow(Infinity);
      await scheduled;
      assert.equal(await queued(it.far), 9);
    },
  );
});
