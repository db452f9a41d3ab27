import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, describe, test } from "node:test";

import type { Broker } from "../../src/brokers/broker.ts";
import { MemoryBroker } from "../../src/brokers/memory/memory-broker.ts";
import { RedisBroker } from "../../src/brokers/redis/redis-broker.ts";
import { SqliteBroker } from "../../src/brokers/sqlite/sqlite-broker.ts";
import { Engine } from "../../src/engine/engine.ts";
import { systemRuntime } from "../../src/platform/runtime.ts";
import { Queuey } from "../../src/queue/queuey.ts";
import { within } from "../../src/testing/waits.ts";
import { AsyncWorkers } from "../../src/workers/async-workers.ts";
import { ThreadWorkers } from "../../src/workers/threads/thread-workers.ts";
import type { Workers } from "../../src/workers/workers.ts";
import { startRedisProcess } from "../brokers/redis/redis-process.ts";
import { temporaryFolder } from "../brokers/sqlite/temporary-folder.ts";
import { tasks } from "../workers/threads/programs/tasks.ts";
import { type Startable, stopAtEachAwait } from "./stop-at-each-await.ts";

const LIMIT = { timeout: 240_000 };

const folder = temporaryFolder();
const redis = await startRedisProcess();
after(async () => {
  await redis.stop();
  folder.remove();
  // What was left behind, as the failed test has told, would keep the process until the limit of the file.
  setTimeout(() => process.exit(1), 2000).unref();
});

const nothing = (): void => undefined;
const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** A broker that joins its cluster, as the first call of an arbiter has it do. */
function broker(made: Broker): Startable {
  made.bind({ namespace: "test", runtime: { ...systemRuntime(), logger } });
  return {
    start: async () => {
      await made.start();
      await made.register([]);
    },
    stop: () => made.stop(),
  };
}

function engine(made: Broker, workers: Workers, registry = tasks): Startable {
  const spin = new Engine(made, { logger });
  spin.attachTasks(registry);
  return { start: () => spin.startWorkers({ workers }), stop: () => spin.close() };
}

/** Another process that writes to a file until it is told to let go of it. */
async function lockElsewhere(path: string): Promise<() => Promise<void>> {
  const program = `
    const db = new (require("node:sqlite").DatabaseSync)(${JSON.stringify(path)});
    db.exec("PRAGMA journal_mode = WAL; BEGIN IMMEDIATE");
    console.log("locked");
    process.stdin.resume();`;
  const child = spawn(process.execPath, ["-e", program], { stdio: ["pipe", "pipe", "inherit"] });
  await within("another process to lock the file", once(child.stdout, "data"));
  return async () => {
    child.stdin.end();
    await within("that process to end", once(child, "exit"));
  };
}

describe("[G15] stop() at each await of a start leaves nothing behind", () => {
  test("of a SqliteBroker", LIMIT, async () => {
    const path = folder.file("broker.db");
    await stopAtEachAwait(() => broker(new SqliteBroker(path)));
  });

  test("of a SqliteBroker that joins its cluster", LIMIT, async () => {
    const path = folder.file("joining.db");
    await stopAtEachAwait(async () => {
      const made = new SqliteBroker(path);
      const whole = broker(made);
      await made.start();
      return { start: () => made.register([]), stop: () => whole.stop() };
    });
  });

  test("of a SqliteBroker whose file others have locked", LIMIT, async () => {
    const path = folder.file("locked.db");
    const release = await lockElsewhere(path);
    try {
      await stopAtEachAwait(() => broker(new SqliteBroker(path, { callTimeout: 300 })));
    } finally {
      await release();
    }
  });

  test("of a RedisBroker", LIMIT, async () => {
    await stopAtEachAwait(() => broker(new RedisBroker(redis.url)));
  });

  test("of an engine with coroutines on SQLite", LIMIT, async () => {
    const path = folder.file("engine.db");
    await stopAtEachAwait(() => engine(new SqliteBroker(path), new AsyncWorkers()));
  });

  test("of an engine with coroutines on Redis", LIMIT, async () => {
    await stopAtEachAwait(() => engine(new RedisBroker(redis.url), new AsyncWorkers()));
  });

  test("of an engine with threads", LIMIT, async () => {
    await stopAtEachAwait(() => engine(new MemoryBroker(), new ThreadWorkers({ number: 1 })));
  });

  test("of an engine with coroutines on threads", LIMIT, async () => {
    const workers = (): Workers => new AsyncWorkers({ number: 2, threads: 2 });
    await stopAtEachAwait(() => engine(new MemoryBroker(), workers()));
  });

  test("of a Queuey whose calls wait", LIMIT, async () => {
    await stopAtEachAwait(() => {
      const queue = new Queuey<number>({ maxSize: 1 });
      return {
        start: () => Promise.all([queue.getAsync(), queue.getAsync()]),
        stop: async () => {
          queue.close();
        },
      };
    });
  });
});
