/** Options of a RedisBroker, each where its value decides. */
import assert from "node:assert/strict";
import { after, before, describe, test, type TestContext } from "node:test";
import { setTimeout } from "node:timers/promises";

import type { RedisBrokerOptions } from "../../../src/brokers/redis/redis-broker-options.ts";
import { RedisBroker } from "../../../src/brokers/redis/redis-broker.ts";
import type { RedisLocation } from "../../../src/brokers/redis/redis-target.ts";
import { BrokerError } from "../../../src/core/errors.ts";
import { systemRuntime } from "../../../src/platform/runtime.ts";
import { RecordingLogger } from "../../../src/testing/recording-logger.ts";
import { within } from "../../../src/testing/waits.ts";
import { makeJob } from "../../core/make-job.ts";
import { inspect } from "./inspector.ts";
import { startRedis, type TestRedis } from "./redis-server.ts";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

let redis: TestRedis;
let proxy: TcpProxy;
let proxied: string;

before(async () => {
  redis = await startRedis();
  proxy = await startTcpProxy(redis.port);
  proxied = `redis://127.0.0.1:${proxy.port}`;
});
after(async () => {
  await proxy.close();
  await redis.stop();
});

async function startBroker(
  t: TestContext,
  at: RedisLocation,
  options: RedisBrokerOptions,
): Promise<RedisBroker> {
  const broker = new RedisBroker(at, options);
  const runtime = { ...systemRuntime(), logger: new RecordingLogger() };
  broker.bind({ namespace: "options", runtime });
  await broker.start();
  t.after(async () => {
    proxy.freeze(false);
    await broker.stop();
  });
  return broker;
}

/** How long it takes until a call rejects, in ms. */
async function rejectsAfter(call: Promise<unknown>, reason: RegExp): Promise<number> {
  const startedMs = performance.now();
  await assert.rejects(within("the call ends", call), (error) => {
    assert.ok(error instanceof BrokerError);
    assert.match(error.message, reason);
    return true;
  });
  return performance.now() - startedMs;
}

describe("an option of RedisBroker", () => {
  test("callTimeout is the silence that ends a call", async (t) => {
    const broker = await startBroker(t, proxied, { callTimeout: 300 });
    proxy.freeze(true);
    const tookMs = await rejectsAfter(broker.isQueueEmpty("spinach"), /took longer than 3\d\d ms/v);
    assert.ok(tookMs >= 299 && tookMs < 4000, `it took ${tookMs} ms`);
  });

  test("enqueueTimeout ends the attempts to schedule", async (t) => {
    const broker = await startBroker(t, proxied, { callTimeout: 200, enqueueTimeout: 1000 });
    proxy.freeze(true);
    const tookMs = await rejectsAfter(broker.enqueue([makeJob()]), /may or may not/v);
    assert.ok(tookMs >= 200 && tookMs < 15_000, `it took ${tookMs} ms`);
  });

  test("enqueueTimeout is for how long schedule is tried again", async (t) => {
    const broker = await startBroker(t, proxied, { callTimeout: 200, enqueueTimeout: 600_000 });
    proxy.freeze(true);
    const scheduled = broker.enqueue([makeJob()]);
    await assert.rejects(broker.isQueueEmpty("spinach"), BrokerError);
    proxy.freeze(false);
    await within("the job is in", scheduled);
  });

  test("enqueueTimeout is each call's own, also where it shares a trip with an older one", async (t) => {
    const broker = await startBroker(t, proxied, { callTimeout: 200, enqueueTimeout: 5000 });
    // No connection can be made: calls fail at once, and are not late.
    proxy.freeze(true);
    proxy.cut();
    const first = rejectsAfter(broker.enqueue([makeJob()]), /may or may not/v);
    await setTimeout(500);
    const older = rejectsAfter(broker.enqueue([makeJob()]), /may or may not/v);
    // Before the first one can have been given up: both wait for the end of its trip.
    await setTimeout(2500);
    const younger = broker.enqueue([makeJob()]);
    await Promise.all([first, older]);
    proxy.freeze(false);
    await within("the younger job is in", younger);
  });

  test("database is where the keys are", async (t) => {
    const broker = await startBroker(t, { url: redis.url, database: 3 }, {});
    await broker.enqueue([makeJob()]);
    const inspector = await inspect(redis.url);
    t.after(() => {
      inspector.close();
    });
    await inspector.call("SELECT", "3");
    assert.equal(await inspector.call("LLEN", "options/spinach"), 1);
  });
});
