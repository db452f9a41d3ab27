import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { Broker } from "../../src/brokers/broker.ts";
import { AsyncWorkers, Engine, MemoryBroker, ThreadWorkers } from "../../src/index.ts";
import { RedisBroker } from "../../src/redis.ts";
import { SqliteBroker } from "../../src/sqlite.ts";
import type { Workers } from "../../src/testing.ts";
import { ownRedis } from "../brokers/redis/own-redis.ts";
import { temporaryFolder } from "../brokers/sqlite/temporary-folder.ts";
import { HOSTILE, hostileTasks } from "./programs/hostile-tasks.ts";

const redis = ownRedis();

const KINDS: Readonly<Record<string, () => Workers>> = {
  "the event loop": () => new AsyncWorkers(),
  "coroutines on a thread": () => new AsyncWorkers({ number: 5, threads: 1 }),
  "a thread": () => new ThreadWorkers({ number: 1 }),
};

const folder = temporaryFolder();

const STORES: Readonly<Record<string, () => Broker>> = {
  memory: () => new MemoryBroker(),
  SQLite: () => new SqliteBroker(folder.file("hostile.db")),
  Redis: () => new RedisBroker(redis.url),
};

/** As those that serialize errors: it reads what it is given. */
class ReadingLogger {
  readonly lines: string[] = [];

  readonly debug = (): void => undefined;
  readonly info = (): void => undefined;
  readonly warn = (fields: object, message: string): void => {
    const err: unknown = Reflect.get(fields, "err");
    if (err instanceof Error) this.lines.push(`${err.name} ${err.message} ${err.stack}`);
    this.lines.push(`${message} ${JSON.stringify(fields)}`);
  };
  readonly error = this.warn;
}

interface Seen {
  readonly failed: string[];
  readonly finished: string[];
}

async function runAll(broker: Broker, workers: Workers, names: readonly string[]): Promise<Seen> {
  const logger = new ReadingLogger();
  const spin = new Engine(broker, { logger, namespace: `hostile-${names.length}` });
  spin.attachTasks(hostileTasks);
  const seen: Seen = { failed: [], finished: [] };
  spin.on("jobFailed", ({ job }) => seen.failed.push(job.taskName));
  spin.on("jobFinished", ({ job }) => seen.finished.push(job.taskName));
  try {
    for (const name of names) await spin.schedule(name);
    await spin.run({ workers, stopWhenQueueEmpty: true });
    for (const name of seen.failed) {
      assert.ok(
        logger.lines.some((line) => line.startsWith(`${name} failed`)),
        `no line tells that ${name} failed`,
      );
    }
    return seen;
  } finally {
    await spin.close();
  }
}

for (const [store, makeBroker] of Object.entries(STORES)) {
  for (const [where, makeWorkers] of Object.entries(KINDS)) {
    describe(`on ${store}, ${where}`, () => {
      it("a job fails as any other, whatever its task throws", { timeout: 60_000 }, async () => {
        const names = [
          ...HOSTILE.flatMap((name) => [name, `${name}Later`]),
          "returnsThrowingThen",
          "returnsThenThatThrows",
        ];
        const all = [...names, "fine"];
        const { failed, finished } = await runAll(makeBroker(), makeWorkers(), all);
        assert.deepEqual(failed.toSorted(), names.toSorted());
        assert.deepEqual(finished.toSorted(), all.toSorted());
      });
    });
  }
}

for (const [where, makeWorkers] of Object.entries(KINDS)) {
  it(`a job succeeds whatever it logs, on ${where}`, { timeout: 60_000 }, async () => {
    const { failed, finished } = await runAll(new MemoryBroker(), makeWorkers(), [
      "logsHostileFields",
    ]);
    assert.deepEqual([failed, finished], [[], ["logsHostileFields"]]);
  });
}

it("receivers and loggers that throw and reject with anything hurt no job", async () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const throws = (): never => {
    // oxlint-disable-next-line typescript/only-throw-error -- that is what is tested
    throw proxy;
  };
  const reject = async (): Promise<never> => throws();
  const logger = { debug: reject, info: throws, warn: reject, error: reject };
  const spin = new Engine(new MemoryBroker(), { logger });
  spin.attachTasks(hostileTasks);
  const finished: string[] = [];
  spin.on("jobStarted", throws);
  spin.on("jobFailed", reject);
  spin.on("jobFinished", throws);
  spin.on("jobFinished", ({ job }) => finished.push(job.taskName));
  for (const name of ["revokedProxy", "fine"]) await spin.schedule(name);
  await spin.run({ workers: new AsyncWorkers(), stopWhenQueueEmpty: true });
  assert.deepEqual(finished.toSorted(), ["fine", "revokedProxy"]);
});
