/** How soon others have the jobs of a process that is gone, whatever it was doing: on Redis and on SQLite. */
import assert from "node:assert/strict";
import { after, describe, test, type TestContext } from "node:test";

import type { Broker } from "../../../src/brokers/broker.ts";
import { RedisBroker } from "../../../src/brokers/redis/redis-broker.ts";
import { SqliteBroker } from "../../../src/brokers/sqlite/sqlite-broker.ts";
import { Engine } from "../../../src/engine/engine.ts";
import { RecordingLogger } from "../../../src/testing/recording-logger.ts";
import { within } from "../../../src/testing/waits.ts";
import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import { ownRedis } from "../redis/own-redis.ts";
import { startWorkerProcess as startOnRedis } from "../redis/worker-process.ts";
import { temporaryFolder } from "../sqlite/temporary-folder.ts";
import { startWorkerProcess as startOnSqlite } from "../sqlite/worker-process.ts";

const LEASE_MS = 1000;

/** A lease until it counts as silent, one more for whoever has only begun to watch, and what a busy machine takes. */
const SOON_MS = 2 * LEASE_MS + 5000;

const redis = ownRedis();
const folder = temporaryFolder();
after(() => {
  folder.remove();
});

/** A worker process that stands idle, and holds the first job that comes for ever. */
interface Victim {
  /** Resolves once it holds the job. */
  holds(): Promise<unknown>;
  /** It shows no life from then on. */
  silence(): void;
}

interface Kind {
  readonly name: string;
  broker(namespace: string): Broker;
  startVictim(namespace: string, t: TestContext): Promise<Victim>;
}

const kinds: readonly Kind[] = [
  {
    name: "Redis",
    broker: () => new RedisBroker(redis.url, { lease: LEASE_MS }),
    startVictim: async (namespace, t) => {
      const options = { lease: LEASE_MS };
      const victim = await startOnRedis({ url: redis.url, namespace, behaviour: "hang", options });
      t.after(() => {
        victim.kill("SIGKILL");
      });
      return {
        holds: () => victim.line("running"),
        silence: () => {
          victim.kill("SIGKILL");
        },
      };
    },
  },
  {
    name: "SQLite",
    broker: (namespace) => new SqliteBroker(folder.file(`${namespace}.db`), { lease: LEASE_MS }),
    startVictim: async (namespace, t) => {
      const path = folder.file(`${namespace}.db`);
      const victim = await startOnSqlite(path, "hold", { lease: LEASE_MS });
      t.after(() => victim[Symbol.asyncDispose]());
      return {
        holds: () => victim.printed(/^start/v),
        // A dead one would be noticed by its process.
        silence: () => {
          victim.kill("SIGSTOP");
        },
      };
    },
  },
];

/** An engine of the cluster whose tasks have the names of the victim's. */
function engineOf(kind: Kind, namespace: string, onRun: () => void = () => undefined): Engine {
  const broker = kind.broker(namespace);
  const options = kind.name === "Redis" ? { namespace } : {};
  const spin = new Engine(broker, { ...options, logger: new RecordingLogger() });
  for (const name of ["count", "retried"]) spin.task(name, { maxRetries: 3 }, onRun);
  return spin;
}

/** How long it takes from now until a new process of the cluster has run the job, in ms. */
async function msUntilRun(kind: Kind, namespace: string): Promise<number> {
  const run = Promise.withResolvers<void>();
  await using heir = engineOf(kind, namespace, run.resolve);
  const startedMs = performance.now();
  await heir.startWorkers({ workers: new AsyncWorkers() });
  await within("another process runs the job", run.promise);
  return performance.now() - startedMs;
}

for (const kind of kinds) {
  const task = kind.name === "Redis" ? "count" : "retried";
  describe(`a job of a process that is gone, on ${kind.name}`, { concurrency: true }, () => {
    test("[G7] that stood idle before, and had no time to beat since, runs elsewhere soon", async (t) => {
      const namespace = `idle-${kind.name}`;
      const victim = await kind.startVictim(namespace, t);
      await using producer = engineOf(kind, namespace);
      await producer.schedule(task, 1);
      await victim.holds();
      victim.silence();
      const tookMs = await msUntilRun(kind, namespace);
      assert.ok(tookMs < SOON_MS, `it took ${tookMs} ms`);
    });

    test("[G1] that stopped without settling it runs elsewhere soon", async () => {
      const namespace = `stopped-${kind.name}`;
      const broker = kind.broker(namespace);
      await using holder = new Engine(broker, {
        ...(kind.name === "Redis" && { namespace }),
        logger: new RecordingLogger(),
      });
      holder.task(task, { maxRetries: 3 }, () => undefined);
      await holder.schedule(task, 1);
      await broker.register([]);
      const { jobs } = await broker.exchange({ outcomes: [], queues: ["spinach"], max: 1 });
      assert.equal(jobs.length, 1);
      await broker.stop();
      const tookMs = await msUntilRun(kind, namespace);
      assert.ok(tookMs < SOON_MS, `it took ${tookMs} ms`);
    });
  });
}
