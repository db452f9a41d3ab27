/** How many jobs a trip brings where they are large. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { cutOutcomes } from "../../../src/brokers/redis/settle-request.ts";
import { TripSize } from "../../../src/brokers/redis/trip-size.ts";
import type { Outcome } from "../../../src/core/outcome.ts";
import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import { makeJob } from "../../core/make-job.ts";
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

describe("cutOutcomes", () => {
  const done = (count: number, bytes: number): readonly Outcome[] =>
    Array.from({ length: count }, () => {
      const stored = makeJob({ args: ["x".repeat(bytes)] });
      return { kind: "succeeded", stored };
    });
  const pieces = (outcomes: readonly Outcome[], maxBytes?: number): readonly number[] =>
    cutOutcomes(outcomes, maxBytes).map(({ length }) => length);

  test("cuts jobs that are done by the bytes of a call: a script reads them where tasks are limited", () => {
    assert.deepEqual(pieces(done(25, 100 * KIB)), [10, 10, 5]);
    assert.deepEqual(pieces(done(2, 2000 * KIB)), [1, 1]);
  });
  test("leaves small ones together, and does not cut them smaller after a call that was late: they travel as ids", () => {
    assert.deepEqual(pieces(done(1000, 200)), [1000]);
    assert.deepEqual(pieces(done(25, 10 * KIB), 1), [25]);
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
