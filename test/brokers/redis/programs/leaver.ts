/**
 * A program that lets go of Redis in one of many states, and then does nothing: it ends by itself, soon, if nothing
 * is left behind. Arguments: port of Redis, and the name of the state.
 */
import { RedisConnection } from "../../../../src/brokers/redis/connection.ts";
import { redisTarget } from "../../../../src/brokers/redis/redis-target.ts";
import { AsyncWorkers, Engine } from "../../../../src/index.ts";
import { systemRuntime } from "../../../../src/platform/runtime.ts";
import { RedisBroker } from "../../../../src/redis.ts";
import { startTcpProxy } from "../tcp-proxy.ts";

/** Far more than it takes to get into a state and out of it, and far less than the times below. */
const LIMIT_MS = 20_000;
/** Of calls, and between pings. */
const LONG_MS = 40_000;

const [, , port = "", state = ""] = process.argv;
const proxy = await startTcpProxy(Number(port));
const address = `127.0.0.1:${proxy.port}`;
const nothing = (): void => undefined;
const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

function connection(url = `redis://${address}`): RedisConnection {
  return new RedisConnection({
    purpose: "notifications",
    target: redisTarget(url),
    quarantine: "leaver/_quarantine",
    runtime: { ...systemRuntime(), logger },
    callTimeoutMs: LONG_MS,
    pingEveryMs: LONG_MS,
  });
}

function engine(): Engine {
  const broker = new RedisBroker(`redis://${address}`, { callTimeout: LONG_MS });
  const spin = new Engine(broker, { namespace: "leaver", logger });
  spin.task("task", nothing);
  return spin;
}

async function worker(): Promise<Engine> {
  const spin = engine();
  const { promise, resolve } = Promise.withResolvers<void>();
  spin.on("jobFinished", () => {
    resolve();
  });
  await spin.startWorkers({ workers: new AsyncWorkers() });
  await spin.schedule("task");
  await promise;
  return spin;
}

/** Resolves when it is open, or could not be. */
async function opened(it: RedisConnection): Promise<void> {
  await it.open().catch(nothing);
}

const states: Readonly<Record<string, () => Promise<void>>> = {
  "while TLS is being agreed upon": async () => {
    proxy.freeze(true);
    const it = connection(`rediss://${address}`);
    const opening = opened(it);
    await proxy.connected();
    it.close();
    await opening;
  },
  "while the server says nothing": async () => {
    proxy.freeze(true);
    const it = connection();
    const opening = opened(it);
    await proxy.connected();
    it.close();
    await opening;
  },
  "after a connection was cut as it became ready": async () => {
    const it = connection();
    const cut = proxy.cutAt("EXISTS");
    await it.open();
    await cut;
    it.close();
  },
  "after a connection was cut as it subscribed again": async () => {
    const it = connection();
    await it.open();
    await it.subscribe("leaver", nothing);
    const { promise, resolve } = Promise.withResolvers<void>();
    it.onReady(resolve);
    const cut = proxy.cutAt("subscribe");
    proxy.cut();
    await cut;
    await promise;
    it.close();
  },
  "when its connection was just cut": async () => {
    const it = connection();
    await it.open();
    proxy.cut();
    it.close();
  },
  "while it pauses before it connects again": async () => {
    const it = connection();
    const opening = opened(it);
    await proxy.cutAt("HELLO");
    it.close();
    await opening;
  },
  "with a call under way on a half-open connection": async () => {
    const it = connection();
    await it.open();
    proxy.freeze(true);
    const call = it.command(["PING"]).catch(nothing);
    it.close();
    await call;
  },
  "as a worker whose connections were just cut": async () => {
    const spin = await worker();
    proxy.cut();
    await spin.close();
  },
  "as a worker whose connections are half open": async () => {
    const spin = await worker();
    proxy.freeze(true);
    await spin.close();
  },
  "as a worker that is joining a server that says nothing": async () => {
    const spin = engine();
    await spin.schedule("task");
    const connected = proxy.connected();
    await spin.startWorkers({ workers: new AsyncWorkers() });
    await connected;
    proxy.freeze(true);
    await spin.close();
  },
  "as a worker that asks a server for its rights that says nothing": async () => {
    const spin = engine();
    await spin.schedule("task");
    proxy.freeze(true);
    const starting = spin.startWorkers({ workers: new AsyncWorkers() }).catch(nothing);
    await new Promise(setImmediate);
    await spin.close();
    await starting;
  },
  "as a broker that is used while it stops, and after": async () => {
    const broker = new RedisBroker(`redis://${address}`);
    broker.bind({ namespace: "leaver", runtime: { ...systemRuntime(), logger } });
    const use = async (): Promise<void> => {
      await broker.exchange({ outcomes: [], queues: ["spinach"], max: 1 }).then(nothing, nothing);
    };
    await broker.start();
    const before = use();
    const stopping = broker.stop();
    await Promise.all([before, use(), stopping]);
    await use();
  },
  "as a worker that has just come back": async () => {
    const spin = await worker();
    const cut = proxy.cutAt("subscribe");
    proxy.cut();
    await cut;
    await spin.schedule("task");
    await spin.close();
  },
};

if (states[state] === undefined) throw new Error(`no such state: ${state}`);
setTimeout(() => {
  console.log("left behind:", process.getActiveResourcesInfo().join(", "));
  process.exit(1);
}, LIMIT_MS).unref();
await states[state]();
await proxy.close();
