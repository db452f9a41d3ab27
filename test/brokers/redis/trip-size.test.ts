/** How many jobs a trip brings where they are large. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { TripSize } from "../../../src/brokers/redis/trip-size.ts";
import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import { ownRedis } from "./own-redis.ts";
import { eachOnce, ended, redisBench, scheduleMany } from "./redis-bench.ts";

const KIB = 1024;

describe("TripSize", () => {
  test("lets a trip bring whatever there is room for while jobs are small, and none for no room", () => {
    const size = new TripSize();
    assert.equal(size.most(1000), 1000);
    size.brought(["x".repeat(200), "x".repeat(300)]);
    assert.equal(size.most(1000), 1000);
    assert.equal(size.most(0), 0);
  });
  test("bounds it to 1 MiB, by the mean of the last jobs, but to no less than one", () => {
    const size = new TripSize();
    size.brought(["x".repeat(32 * KIB), "x".repeat(96 * KIB)]);
    assert.equal(size.most(256), 16);
    size.brought(["x".repeat(3 * KIB * KIB)]);
    assert.equal(size.most(256), 1);
    size.brought([]);
    assert.equal(size.most(256), 1);
    size.brought(["x"]);
    assert.equal(size.most(256), 256);
  });
});

describe("large jobs on Redis", () => {
  const redis = ownRedis();

  test("come 16 a trip at 64 KiB each, once the first of them have come", async () => {
    await using it = redisBench(redis.url);
    const text = "x".repeat(64 * KIB - 300);
    it.spin.task("large", (_text: string) => undefined);
    for (let index = 0; index < 160; index += 1) await it.spin.schedule("large", text);
    const done = ended(it, 160);
    await redis.inspector.resetCounts();
    await it.spin.startWorkers({ workers: new AsyncWorkers({ number: 80 }) });
    await done;
    const { lpop = 0 } = await redis.inspector.commandCounts();
    // 80 in the first one, then 16 in each.
    assert.ok(lpop >= 6, `${lpop} trips`);
  });

  test("do not keep small ones waiting", async () => {
    await using it = redisBench(redis.url);
    it.spin.task("large", (_text: string) => undefined);
    await it.spin.schedule("large", "x".repeat(2 * KIB * KIB));
    await scheduleMany(it, 100);
    const done = ended(it, 101);
    await it.spin.startWorkers({ workers: new AsyncWorkers({ number: 1 }) });
    await done;
    eachOnce(it, 100);
  });
});
