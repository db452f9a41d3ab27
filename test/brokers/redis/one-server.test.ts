/** The connections of a process lead to one server, and are lost and found together. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { RedisConnection } from "../../../src/brokers/redis/connection.ts";
import { OneServer } from "../../../src/brokers/redis/one-server.ts";
import { redisTarget } from "../../../src/brokers/redis/redis-target.ts";
import { systemRuntime } from "../../../src/platform/runtime.ts";
import { RecordingLogger } from "../../../src/testing/recording-logger.ts";
import { until } from "../../../src/testing/waits.ts";
import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import { type EngineBench, engineBench, linesWith } from "./engine-bench.ts";
import { inspect, type Inspector } from "./inspector.ts";
import { startRedis, type TestRedis } from "./redis-server.ts";
import { startSwitchableName, type SwitchableName } from "./switchable-name.ts";

/** A job that nobody is told of waits for a minute, in ms. */
const SOON_MS = 5000;

/** Of a whole suite: each wait in it has a limit of its own, and says more. */
const LIMIT = { timeout: 300_000 };

let servers: readonly TestRedis[];
let inspectors: readonly Inspector[];

before(async () => {
  servers = await Promise.all([startRedis(), startRedis()]);
  inspectors = await Promise.all(servers.map(({ url }) => inspect(url)));
});
after(async () => {
  for (const inspector of inspectors) inspector.close();
  await Promise.all(servers.map((each) => each.stop()));
});

function server(index: number): TestRedis {
  const found = servers[index];
  assert.ok(found);
  return found;
}

async function idleWorker(bench: EngineBench): Promise<void> {
  bench.openGate();
  await bench.spin.startWorkers({ workers: new AsyncWorkers() });
  await bench.spin.schedule("at least once", 0);
  await until("a first job has run", () => bench.ended === 1);
  await becomesIdle(bench, 0);
}

/** Until nobody but a notification makes the worker look at its queue. */
async function becomesIdle({ namespace }: EngineBench, index: number): Promise<void> {
  const key = `${namespace}/_idle-brokers-of-spinach`;
  await until(
    "the worker is idle",
    async () => (await inspectors[index]?.call("SCARD", key)) === 1,
  );
}

/** Jobs that another process schedules run at once. */
async function isWoken(worker: EngineBench, index: number): Promise<void> {
  await using web = engineBench(server(index).url, { namespace: worker.namespace });
  for (let job = 10; job < 13; job += 1) {
    await becomesIdle(worker, index);
    const startedMs = performance.now();
    await web.spin.schedule("at least once", job);
    await until("the job runs", () => worker.runs.has(job));
    assert.ok(performance.now() - startedMs < SOON_MS, `job ${job} ran late`);
  }
}

async function named(): Promise<SwitchableName> {
  return startSwitchableName(server(0).port);
}

describe("the connections of RedisBroker", LIMIT, () => {
  test("[G8] lead to one server after a failover behind one name, though the old one stays up", async () => {
    await using name = await named();
    await using worker = engineBench(name.url, { namespace: "failover" });
    await idleWorker(worker);
    const [old, next] = inspectors;
    await next?.call("REPLICAOF", "127.0.0.1", String(server(0).port));
    await until("it has the data", async () =>
      String(await next?.call("INFO", "replication")).includes("master_link_status:up"),
    );
    await next?.call("REPLICAOF", "NO", "ONE");
    await old?.call("REPLICAOF", "127.0.0.1", String(server(1).port));
    name.leadTo(server(1).port);
    await worker.spin.schedule("at least once", 1);
    await until("the job has run", () => worker.ended === 2);
    await old?.call("REPLICAOF", "NO", "ONE");
    await isWoken(worker, 1);
    const clients = async (): Promise<boolean> => {
      const list = String(await old?.call("CLIENT", "LIST", "TYPE", "normal"));
      const listeners = await old?.call("CLIENT", "LIST", "TYPE", "pubsub");
      return list.trim().split("\n").length === 1 && listeners === "";
    };
    // That of the heartbeat thread, too.
    await until("nobody is at the old server any more", clients);
  });

  test("[G8] [G12] are noticed to be half-open together: jobs wake the worker as soon as commands work again", async () => {
    await using name = await named();
    const callTimeout = 500;
    await using worker = engineBench(name.url, { namespace: "half-open", callTimeout });
    await idleWorker(worker);
    name.halfOpen();
    const startedMs = performance.now();
    await worker.spin.schedule("at least once", 1);
    await until("both are back", () => linesWith(worker, "is back").length === 2);
    const tookMs = performance.now() - startedMs;
    assert.ok(tookMs < SOON_MS, `${tookMs} ms`);
    await until("the job has run", () => worker.ended === 2);
    await isWoken(worker, 0);
  });
});

/** Ids of the clients of a server that came after the inspector, which is the first. */
async function clientsOf(index: number): Promise<readonly string[]> {
  const list = String(await inspectors[index]?.call("CLIENT", "LIST"));
  const ids = [...list.matchAll(/^id=(?<id>\d+) /gmv)].map(({ groups }) => groups?.["id"] ?? "");
  const own = String(await inspectors[index]?.call("CLIENT", "ID"));
  return ids.filter((id) => id !== own);
}

describe("the connections of RedisBroker, between two primaries of one name", LIMIT, () => {
  // In the order in which they were made.
  for (const [place, which] of ["commands", "heartbeats", "notifications"].entries()) {
    test(`[G8] all go where the one for ${which} went when it was lost`, async () => {
      await using name = await named();
      await using worker = engineBench(name.url, { namespace: `two-primaries-${place}` });
      await idleWorker(worker);
      const ids = await clientsOf(0);
      assert.equal(ids.length, 3);
      name.leadTo(server(1).port);
      await inspectors[0]?.call("CLIENT", "KILL", "ID", ids[place] ?? "");
      await until("nobody is at the old server", async () => (await clientsOf(0)).length === 0);
      await until("all are at the new one", async () => (await clientsOf(1)).length === 3);
    });
  }
});

describe("OneServer", LIMIT, () => {
  for (const [lost, other] of [
    ["commands", "notifications"],
    ["notifications", "commands"],
  ] as const) {
    test(`[G12] has the connection for ${other} probed once the one for ${lost} is half-open`, async (t) => {
      await using name = await named();
      const logger = new RecordingLogger();
      const connect = (purpose: string): RedisConnection =>
        new RedisConnection({
          purpose,
          target: redisTarget(name.url),
          quarantine: "doubt/_quarantine",
          runtime: { ...systemRuntime(), logger },
          callTimeoutMs: 300,
        });
      const connections = {
        commands: connect("commands"),
        notifications: connect("notifications"),
      };
      const notices: string[] = [];
      const parts = {
        connection: connections.commands,
        subscriber: connections.notifications,
        tellHeartbeat: ({ type }: { readonly type: string }) => notices.push(type),
      };
      assert.ok(new OneServer(parts));
      t.after(() => {
        for (const each of Object.values(connections)) each.close();
      });
      for (const each of Object.values(connections)) await each.open();
      name.halfOpen();
      // Nothing but a doubt has the other one looked at.
      await assert.rejects(connections[lost].command(["PING"]));
      const isBack = (purpose: string): boolean =>
        logger.lines.some(
          ({ message, fields }) =>
            message.includes("is back") && "connection" in fields && fields.connection === purpose,
        );
      await until("the other one is back", () => isBack(other));
      assert.ok(notices.includes("probe"), "the heartbeat thread is told");
    });
  }
});

describe("RedisConnection", LIMIT, () => {
  test("[G12] that mostly listens notices within a ping and callTimeout that it is half-open", async () => {
    await using name = await named();
    const logger = new RecordingLogger();
    const connection = new RedisConnection({
      purpose: "notifications",
      target: redisTarget(name.url),
      quarantine: "ping/_quarantine",
      runtime: { ...systemRuntime(), logger },
      callTimeoutMs: 300,
      pingEveryMs: 200,
    });
    await connection.open();
    const heard: string[] = [];
    await connection.subscribe("ping", (message) => heard.push(message));
    name.halfOpen();
    const startedMs = performance.now();
    await until("it is back", () =>
      logger.lines.some(({ message }) => message.includes("is back")),
    );
    assert.ok(performance.now() - startedMs < SOON_MS);
    await inspectors[0]?.call("PUBLISH", "ping", "hello");
    await until("it hears again", () => heard.includes("hello"));
    connection.close();
  });
});
