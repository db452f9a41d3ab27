/** What a process has registered is registered again in a Redis that comes back empty, or is flushed. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { RedisBroker } from "../../../src/brokers/redis/redis-broker.ts";
import { Engine } from "../../../src/engine/engine.ts";
import { RecordingLogger } from "../../../src/testing/recording-logger.ts";
import { until, within } from "../../../src/testing/waits.ts";
import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import { inspect, type Inspector } from "./inspector.ts";
import { idle } from "./redis-bench.ts";
import { type RedisProcess, startRedisProcess } from "./redis-process.ts";

const JOBS = 8;

let redis: RedisProcess;
let inspector: Inspector;

before(async () => {
  redis = await startRedisProcess();
  inspector = await inspect(redis.url);
});
after(async () => {
  inspector.close();
  await redis.stop();
});

interface Seen {
  readonly spin: Engine;
  readonly logger: RecordingLogger;
  most: number;
  ends: number;
  beats: number;
}

async function startWork(namespace: string): Promise<Seen> {
  const logger = new RecordingLogger();
  const spin = new Engine(new RedisBroker(redis.url), { namespace, logger });
  const seen: Seen = { spin, logger, most: 0, ends: 0, beats: 0 };
  let now = 0;
  spin.task("pay", { maxConcurrency: 1, maxRetries: 3 }, async () => {
    now += 1;
    seen.most = Math.max(seen.most, now);
    await sleep(20);
    now -= 1;
    seen.ends += 1;
  });
  spin.task("beat", { periodicity: 500 }, () => {
    seen.beats += 1;
  });
  await spin.startWorkers({ workers: new AsyncWorkers({ number: 10 }) });
  await until("the first beat", () => seen.beats > 0);
  return seen;
}

const REDIS_HAS_LOST_IT =
  "this process lost its lease: Redis has lost its registration, and maybe its jobs: it was flushed, or came back empty";

/** Once, and nothing else. */
async function saysWhyItIsLost({ logger }: Seen, message: string): Promise<void> {
  const said = (): readonly string[] =>
    logger.lines.map((line) => line.message).filter((text) => text.includes("lost its lease"));
  await until("it is told", () => said().length > 0);
  assert.deepEqual(said(), [message]);
}

/** Limits and periods hold from now on. */
async function allHolds(seen: Seen): Promise<void> {
  Object.assign(seen, { most: 0, ends: 0, beats: 0 });
  for (let index = 0; index < JOBS; index += 1) await seen.spin.schedule("pay");
  await until("all jobs have ended", () => seen.ends === JOBS);
  assert.equal(seen.most, 1, "the limit is kept");
  const fromMs = performance.now();
  await until("the next beats", () => seen.beats >= 2);
  assert.ok(performance.now() - fromMs < 20_000, "long before the next statement of the tasks");
}

test("[G10] a periodic task that is registered while workers run begins at once", async () => {
  const spin = new Engine(new RedisBroker(redis.url), { namespace: "late" });
  try {
    await spin.startWorkers({ workers: new AsyncWorkers({ number: 10 }) });
    const one = Promise.withResolvers<void>();
    await spin.schedule(spin.task("one", () => one.resolve()));
    await within("the workers are at work", one.promise);
    // What its end brings back tells when something is due: that must be before.
    await idle(inspector, "late");
    const beat = Promise.withResolvers<void>();
    spin.task("beat", { periodicity: 500 }, () => beat.resolve());
    await within("its first run, long before the next look", beat.promise, 20_000);
  } finally {
    await spin.close();
  }
});

describe("a process that is no member any more", () => {
  test("says that others took its jobs over where they did", async () => {
    const seen = await startWork("taken over");
    try {
      // All that they leave.
      await inspector.call("DEL", "taken over/_all_brokers_zset");
      await saysWhyItIsLost(
        seen,
        "this process lost its lease: its jobs were taken over by others",
      );
    } finally {
      await seen.spin.close();
    }
  });

  test("says that it does not know where Redis does not tell", async () => {
    const seen = await startWork("unknown");
    try {
      await inspector.call("LPUSH", "unknown/_data-id-list", "another program's");
      await inspector.call("RENAME", "unknown/_data-id-list", "unknown/_data-id");
      await inspector.call("DEL", "unknown/_all_brokers_zset");
      const either = "its jobs were taken over by others, or Redis has lost them";
      await saysWhyItIsLost(seen, `this process lost its lease: ${either}`);
    } finally {
      await seen.spin.close();
    }
  });
});

describe("a Redis that has lost what was registered", () => {
  test("[G5] [G10] since it was flushed, is told again, by a process that holds no job too", async () => {
    const seen = await startWork("flushed");
    try {
      await inspector.call("FLUSHALL");
      const earlier = seen.beats;
      await until("a beat after the flush", () => seen.beats > earlier + 1);
      await saysWhyItIsLost(seen, REDIS_HAS_LOST_IT);
      await inspector.call("FLUSHALL");
      await allHolds(seen);
    } finally {
      await seen.spin.close();
    }
  });

  test("[G5] [G10] since it came back empty, is told again before anything is fetched", async () => {
    const seen = await startWork("restarted");
    try {
      await redis.kill();
      await redis.restart();
      await allHolds(seen);
      await saysWhyItIsLost(seen, REDIS_HAS_LOST_IT);
    } finally {
      await seen.spin.close();
    }
  });

  test("[G5] since its replica lacked it, is told again once the connection is made anew", async () => {
    const seen = await startWork("forgotten");
    try {
      // The membership has reached the replica, the limits have not.
      const keys = (await inspector.keys("forgotten")).filter((key) =>
        /limits|concurrency/v.test(key),
      );
      await inspector.call("DEL", ...keys);
      await inspector.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
      await allHolds(seen);
    } finally {
      await seen.spin.close();
    }
  });
});
