/** A real Redis that is full, wants a password, forgets scripts or kills clients: what an engine does. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { RetryError } from "../../../src/core/errors.ts";
import { until } from "../../../src/testing/waits.ts";
import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import {
  busyWorkers,
  JOBS,
  meetTrouble,
  nothingHeld,
  problems,
  refusal,
  RUNNING,
  survived,
} from "./busy-workers.ts";
import { eachRanOnce, engineBench, linesWith, scheduleNumbers } from "./engine-bench.ts";
import { startRedis, type TestRedis } from "./redis-server.ts";

function disposable(redis: TestRedis): TestRedis & AsyncDisposable {
  return { ...redis, [Symbol.asyncDispose]: () => redis.stop() };
}

describe("an engine on a Redis that", () => {
  test("is full (OOM) is told so, settles and fetches all the same, and works when it is not", async () => {
    await using it = await busyWorkers();
    const { bench, inspector } = it;
    let attempts = 0;
    bench.spin.task("fails once", { maxRetries: 1 }, () => {
      attempts += 1;
      if (attempts === 1) throw new RetryError("again", { at: new Date(Date.now() + 50) });
    });
    await bench.spin.schedule("fails once");
    await inspector.call("CONFIG", "SET", "maxmemory", "1");
    const full =
      /^Redis: enqueue failed: .*OOM.*Redis is full: raise maxmemory, or let the workers catch up/v;
    await refusal(bench.spin.schedule("at most once", JOBS), full);
    bench.openGate();
    await until("all have run", () => bench.ended === JOBS + 2);
    await nothingHeld(it);
    assert.equal(attempts, 2);
    assert.deepEqual(linesWith(bench, "broker"), []);
    await inspector.call("CONFIG", "SET", "maxmemory", "0");
    await bench.spin.schedule("at most once", JOBS);
    await until("it has run", () => bench.ended === JOBS + 3);
    assert.deepEqual(
      [...bench.runs.values()],
      Array.from({ length: JOBS + 1 }, () => 1),
    );
  });

  test("is full (OOM) lets workers start, and periodic tasks fall due", async () => {
    await using it = await busyWorkers();
    const { inspector, redis } = it;
    await inspector.call("CONFIG", "SET", "maxmemory", "1");
    await using late = engineBench(redis.url, { lease: 10_000 });
    late.spin.task("periodic", { periodicity: 50 }, () => undefined);
    late.openGate();
    await late.spin.startWorkers({ workers: new AsyncWorkers() });
    await until("what was waiting has run", () => late.runs.size === JOBS - RUNNING);
    await until("the periodic task runs", () => late.ended >= JOBS - RUNNING + 3);
    assert.deepEqual(problems(late), []);
  });

  test("[G12] refuses to write, for want of replicas, is not stormed with connections, and works when it does", async () => {
    await using it = await busyWorkers();
    const { bench, inspector } = it;
    const connections = async (): Promise<number> => {
      const stats = String(await inspector.call("INFO", "stats"));
      return Number(/^total_connections_received:(?<count>\d+)/mv.exec(stats)?.groups?.["count"]);
    };
    await inspector.call("CONFIG", "SET", "min-replicas-to-write", "1");
    const before = await connections();
    bench.openGate();
    const call = bench.spin.schedule("at most once", JOBS);
    await sleep(4000);
    const made = (await connections()) - before;
    // Pauses double up to 2 s, of each of three connections; without them it is a thousand and more.
    assert.ok(made > 0 && made < 100, `${made} connections`);
    await inspector.call("CONFIG", "SET", "min-replicas-to-write", "0");
    await call;
    await until("all have run", () => bench.ended === JOBS + 1);
    await nothingHeld(it);
  });

  test("wants a password, or another one, rejects schedule() and startWorkers() with the remedy", async () => {
    await using redis = disposable(await startRedis("--requirepass", "secret"));
    const address = redis.url.replace("redis://", "");
    const cases = [
      [redis.url, /NOAUTH.*give RedisBroker a username and password/v],
      [`redis://:wrong@${address}`, /WRONGPASS.*check the username and password/v],
    ] as const;
    for (const [url, remedy] of cases) {
      await using bench = engineBench(url);
      await refusal(bench.spin.schedule("at most once", 0), remedy);
      await refusal(bench.spin.startWorkers({ workers: new AsyncWorkers() }), remedy);
      assert.deepEqual(bench.logger.lines, []);
    }
    await using bench = engineBench(`redis://:secret@${address}`);
    await bench.spin.schedule("at most once", 0);
  });

  test("[G12] wants a password now, and none later: workers wait for it", async () => {
    await using it = await busyWorkers();
    const { bench, inspector } = it;
    await inspector.call("CONFIG", "SET", "requirepass", "secret");
    await inspector.call("CLIENT", "KILL", "TYPE", "normal");
    await meetTrouble(it, /./v);
    await until("a connection is refused", () => linesWith(bench, "is lost").length > 0);
    await inspector.call("CONFIG", "SET", "requirepass", "");
    await survived(it, JOBS);
  });

  test("[G12] forgets all scripts again and again is worked with as if nothing were", async () => {
    await using it = await busyWorkers();
    const { bench, inspector } = it;
    bench.openGate();
    for (let to = JOBS; to <= 400; to += 20) {
      await inspector.call("SCRIPT", "FLUSH");
      await scheduleNumbers(bench, to, to + 20);
      await until("some have run", () => bench.ended >= to);
    }
    await eachRanOnce(bench, 420);
    assert.deepEqual(problems(bench), []);
  });

  for (const type of ["normal", "pubsub"]) {
    test(`[G12] kills ${type} clients in the middle loses and doubles no job`, async () => {
      await using it = await busyWorkers();
      const { bench, inspector } = it;
      bench.openGate();
      let kills = 0;
      for (let to = JOBS; to <= 200; to += 20) {
        const scheduling = scheduleNumbers(bench, to, to + 20);
        await inspector.call("CLIENT", "KILL", "TYPE", type);
        kills += 1;
        await scheduling;
        await until("all have run", () => bench.ended >= to + 20);
      }
      await eachRanOnce(bench, 220);
      await nothingHeld(it);
      const lost = linesWith(bench, "is lost").length;
      assert.ok(lost > 0 && lost <= kills, `${lost} losses of ${kills} were logged`);
      await until("it is back", () => linesWith(bench, "is back").length === lost);
    });
  }
});
