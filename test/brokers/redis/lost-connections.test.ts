/** A connection that is lost: what it had sent takes no effect later on, and nobody else is harmed. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test, type TestContext } from "node:test";

import { RedisConnection } from "../../../src/brokers/redis/connection.ts";
import { LostMembership } from "../../../src/brokers/redis/lost-membership.ts";
import { RedisBroker } from "../../../src/brokers/redis/redis-broker.ts";
import { createRedisClient, type RedisClient } from "../../../src/brokers/redis/redis-client.ts";
import { RedisKeys } from "../../../src/brokers/redis/redis-keys.ts";
import { redisTarget } from "../../../src/brokers/redis/redis-target.ts";
import { Succession } from "../../../src/brokers/redis/succession.ts";
import { BrokerError } from "../../../src/core/errors.ts";
import { systemRuntime } from "../../../src/platform/runtime.ts";
import {
  exchange,
  ids,
  later,
  retried,
  settle,
  take,
} from "../../../src/testing/conformance/broker-bench.ts";
import { JobMaker } from "../../../src/testing/conformance/test-cluster.ts";
import { FakeRuntime, settled } from "../../../src/testing/fake-runtime.ts";
import { RecordingLogger } from "../../../src/testing/recording-logger.ts";
import { until, within } from "../../../src/testing/waits.ts";
import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import { inspect, type Inspector } from "./inspector.ts";
import { eachOnce, ended, redisBench } from "./redis-bench.ts";
import { majorVersion } from "./redis-process.ts";
import { startRedis, type TestRedis } from "./redis-server.ts";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

const NOT_ENDED = "may take effect late";

let redis: TestRedis;
let proxy: TcpProxy;
let inspector: Inspector;

before(async () => {
  redis = await startRedis();
  proxy = await startTcpProxy(redis.port);
  inspector = await inspect(redis.url);
});
after(async () => {
  inspector.close();
  await proxy.close();
  await redis.stop();
});

interface ProxiedBroker extends AsyncDisposable {
  readonly broker: RedisBroker;
  readonly jobs: JobMaker;
  readonly keys: RedisKeys;
}

/** A broker that has joined, and reaches Redis through the proxy. */
async function proxiedBroker(namespace: string, callTimeout = 5000): Promise<ProxiedBroker> {
  const runtime = { ...systemRuntime(), logger: new RecordingLogger() };
  const broker = new RedisBroker(`redis://127.0.0.1:${proxy.port}`, { callTimeout });
  broker.bind({ namespace, runtime });
  await broker.start();
  await broker.register([retried]);
  const jobs = new JobMaker(runtime.clock);
  const keys = new RedisKeys(namespace);
  return { broker, jobs, keys, [Symbol.asyncDispose]: () => broker.stop() };
}

/** A connection through the proxy, until the end of a test. */
async function proxiedConnection(t: TestContext, callTimeoutMs: number): Promise<RedisConnection> {
  const connection = new RedisConnection({
    purpose: "commands",
    target: redisTarget(`redis://127.0.0.1:${proxy.port}`),
    quarantine: "proxied/_quarantine",
    runtime: { ...systemRuntime(), logger: new RecordingLogger() },
    callTimeoutMs,
  });
  t.after(() => {
    connection.close();
  });
  await connection.open();
  return connection;
}

describe("a connection to Redis that is lost", () => {
  test("[G12] whoever waits to try again is told when it is back", async () => {
    await using it = await proxiedBroker("back");
    const news: boolean[] = [];
    it.broker.onWakeUp((_, isBack = false) => news.push(isBack));
    proxy.cut();
    await until("it is back", () => news.includes(true));
    assert.equal(await it.broker.isQueueEmpty("spinach"), true);
  });

  test("[G10] when the membership was lost too, the reason is found once it is back", async (t) => {
    const key = new RedisKeys("reason").dataId;
    const connection = await proxiedConnection(t, 5000);
    const membership = new LostMembership({ connection, key, newId: () => "the data" });
    await membership.joins();
    await inspector.call("DEL", key);
    const lost = Promise.withResolvers<void>();
    connection.onLost(lost.resolve);
    proxy.cut();
    await within("the loss", lost.promise);
    assert.match(await within("the reason", membership.reason()), /came back empty/v);
  });

  test("[G12] one that is silent is replaced by the deadline of a call alone", async (t) => {
    const connection = await proxiedConnection(t, 300);
    // Whoever has no room for its state, on the way, drops what comes on it: nobody ever says so.
    proxy.silence();
    await assert.rejects(connection.command(["PING"]), /took longer than \d+ ms/v);
    assert.equal(await until("an answer", () => connection.command(["PING"])), "PONG");
  });

  test("[G12] notifications come again after connections were silent", async () => {
    await using it = await proxiedBroker("silent", 500);
    await take(it.broker, 1);
    proxy.silence();
    await assert.rejects(it.broker.isQueueEmpty("spinach"), /took longer than \d+ ms/v);
    await until("calls are answered again", () => it.broker.isQueueEmpty("spinach"));
    let isWoken = false;
    it.broker.onWakeUp((queue) => {
      isWoken ||= queue === "spinach";
    });
    // Redis counts the silent one among those that listen still.
    await until("a notification comes", async () => {
      await inspector.call("PUBLISH", it.keys.channel, "spinach");
      return isWoken;
    });
  });

  test("[G6] who finds jobs that a lost reply brought keeps its lease from then on", async () => {
    await using it = await proxiedBroker("found");
    await it.broker.exchange({ outcomes: [], queues: ["spinach"], max: 1 });
    const stored = it.jobs.make(retried);
    const running = it.keys.running(it.broker.id);
    await inspector.call("HSET", running, stored.job.id, stored.wire);
    // Late, after a beat that found none: as the script leaves it that takes a job for one that stood idle.
    const lastSeen = async (): Promise<number> =>
      Number(await inspector.call("ZSCORE", it.keys.fixed.brokers, it.broker.id));
    await inspector.call("ZADD", it.keys.fixed.brokers, "1", it.broker.id);
    const found = await it.broker.reconcile({ queues: [stored.job.queue], known: new Set() });
    assert.deepEqual(ids(found), [stored.job.id]);
    await until("it has beaten", async () => (await lastSeen()) > 1);
  });

  test("[G1] a request that was held up on its way has no effect after a later one", async () => {
    await using it = await proxiedBroker("held up", 500);
    const { broker, jobs, keys } = it;
    await broker.enqueue([jobs.make(retried)]);
    const [first] = (await take(broker, 1)).jobs;
    const again = later(first, Date.now());
    const error = new Error("from the test");
    const outcome = { kind: "retried", stored: again, error } as const;
    const held = proxy.holdAt(again.wire);
    await assert.rejects(exchange(broker, [outcome], 0), BrokerError);
    const letThrough = await held;
    await until("the same is told by a new connection", async () => {
      await settle(broker, [outcome]);
      return true;
    });
    assert.deepEqual(ids((await take(broker, 1)).jobs), [again.job.id], "its next attempt");

    await letThrough();
    const running = await inspector.call("HVALS", keys.running(broker.id));
    assert.deepEqual(running, [again.wire], "it is held");
    assert.equal(await inspector.call("LLEN", keys.queue("spinach")), 0, "and not queued as well");
  });

  for (const when of ["was cut just now", "is being made again"]) {
    test(`when it ${when}, a broker that stops leaves nothing behind that says it is idle`, async () => {
      await using it = await proxiedBroker(`stops when it ${when}`);
      const { broker, keys } = it;
      await take(broker, 1);
      const { id } = broker;
      proxy.cut();
      if (when === "is being made again") await proxy.connected();
      await broker.stop();
      for (const key of [keys.fixed.infos, keys.fixed.brokers, keys.idleBrokers("spinach")]) {
        const left = await inspector.call("EXISTS", key);
        assert.equal(left, 0, `${key} has ${id} still`);
      }
    });
  }

  const denials = majorVersion() < 7 ? ["-client"] : ["-client", "-client|kill"];
  for (const denial of denials) {
    test(`a user without the right to end it (${denial}) works all the same, and is told once`, async () => {
      const name = `user${denial.length}`;
      await inspector.call("ACL", "SETUSER", name, "on", ">secret", "~*", "&*", "+@all", denial);
      await using it = redisBench(redis.url.replace("//", `//${name}:secret@`));
      await it.spin.startWorkers({ workers: new AsyncWorkers() });
      const lines = (text: string): number =>
        it.logger.lines.filter(({ message }) => message.includes(text)).length;
      assert.equal(lines(NOT_ENDED), 0);
      for (let times = 1; times <= 2; times += 1) {
        await inspector.call("CLIENT", "KILL", "TYPE", "normal", "USER", name);
        const done = ended(it, 1);
        await it.spin.schedule("count", times - 1);
        await done;
        await until("it is back", () => lines("is back") === times);
      }
      eachOnce(it, 2);
      assert.equal(lines(NOT_ENDED), 1);
    });
  }

  test("that is closed while it is made leaves no timer behind", async () => {
    for (let turns = 0; turns < 40; turns += 1) {
      const runtime = new FakeRuntime();
      const connection = new RedisConnection({
        purpose: "commands",
        target: redisTarget(redis.url),
        quarantine: "closed/_quarantine",
        runtime,
        callTimeoutMs: 5000,
      });
      const opening = connection.open();
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      connection.close();
      await opening.catch(() => undefined);
      await settled();
      assert.equal(runtime.pendingTimers, 0, `closed after ${turns} turns`);
    }
  });

  test("[G15] that is closed in the pause before it is made again leaves no timer behind", async () => {
    const runtime = new FakeRuntime();
    const connection = new RedisConnection({
      purpose: "commands",
      target: redisTarget(`redis://127.0.0.1:${proxy.port}`),
      quarantine: "paused/_quarantine",
      runtime,
      callTimeoutMs: 5000,
    });
    await connection.open();
    const lost = Promise.withResolvers<void>();
    connection.onLost(lost.resolve);
    proxy.cut();
    await within("it is lost", lost.promise);
    assert.ok(runtime.pendingTimers > 0, "soon after it was made: it pauses first");
    connection.close();
    await settled();
    assert.equal(runtime.pendingTimers, 0);
  });

  test("[G15] that is given back by a stop leaves no second look, and nobody who is taken for idle", async () => {
    const runtime = new FakeRuntime();
    const broker = new RedisBroker(redis.url);
    broker.bind({ namespace: "second look", runtime });
    await broker.start();
    await broker.register([]);
    await take(broker, 1);
    const timers = runtime.pendingTimers;
    const { channel } = new RedisKeys("second look");
    await until("it plans a second look", async () => {
      await inspector.call("PUBLISH", channel, "spinach\nanother");
      return runtime.pendingTimers > timers;
    });
    await broker.stop();
    assert.equal(runtime.pendingTimers, 0);
  });

  test("by a restart of the server: whoever has its number now is left alone", async (t) => {
    const server = await startRedis();
    t.after(() => server.stop());
    const link = await startTcpProxy(server.port);
    t.after(() => link.close());
    const passing = await Promise.all(Array.from({ length: 20 }, () => inspect(server.url)));
    const connection = new RedisConnection({
      purpose: "commands",
      target: redisTarget(`redis://127.0.0.1:${link.port}`),
      quarantine: "restart/_quarantine",
      runtime: { ...systemRuntime(), logger: new RecordingLogger() },
      callTimeoutMs: 20_000,
    });
    t.after(() => {
      connection.close();
    });
    await connection.open();
    const number = await connection.command(["CLIENT", "ID"]);
    for (const other of passing) other.close();
    // It cannot come back before others have all the numbers up to its own.
    link.freeze(true);
    await server.kill();
    await server.restart();
    const hasNumber = await until("somebody has its number", async () => {
      const other = await inspect(server.url);
      t.after(() => {
        other.close();
      });
      return (await other.call("CLIENT", "ID")) === number && other;
    });
    const back = Promise.withResolvers<void>();
    connection.onReady(back.resolve);
    link.freeze(false);
    link.cut();
    await within("the connection is back", back.promise);
    assert.equal(await hasNumber.call("CLIENT", "ID"), number, "its connection is the same");
  });

  test("of a unix socket, where all have one address: whoever has its number now is left alone", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "spinach-unix-"));
    t.after(() => {
      rmSync(folder, { recursive: true });
    });
    const path = join(folder, "redis.sock");
    const server = await startRedis("--unixsocket", path);
    t.after(() => server.stop());
    const connect = async (): Promise<RedisClient> => {
      const { signal } = new AbortController();
      const client = await createRedisClient(
        { socket: { path } },
        { connectTimeoutMs: 5000, signal },
      );
      t.after(() => {
        client.destroy();
      });
      await client.connect();
      return client;
    };
    const numberOf = async (client: RedisClient): Promise<unknown> => client.call(["CLIENT", "ID"]);
    const succession = new Succession({ purpose: "commands", logger: new RecordingLogger() });
    for (let passing = 0; passing < 20; passing += 1) await connect();
    const first = await connect();
    await succession.takeOver(first);
    const number = await numberOf(first);
    await server.kill();
    await server.restart();
    const hasNumber = await until("somebody has its number", async () => {
      const client = await connect();
      return (await numberOf(client)) === number && client;
    });
    await succession.takeOver(await connect());
    assert.equal(await numberOf(hasNumber), number, "its connection is the same");
  });
});
