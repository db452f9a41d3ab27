/** Jobs that are large for the line to Redis: each of them arrives, and no call is repeated for ever. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { RedisKeys } from "../../../src/brokers/redis/redis-keys.ts";
import { RetryError } from "../../../src/core/errors.ts";
import { decodeJob, rewriteJob } from "../../../src/core/job-codec.ts";
import { JobStatus } from "../../../src/core/job-status.ts";
import { until } from "../../../src/testing/waits.ts";
import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import { currentJob } from "../../../src/workers/current-job.ts";
import { inspect, type Inspector } from "./inspector.ts";
import {
  ended,
  idle,
  logged,
  redisBench,
  type RedisBench,
  type RedisBenchOptions,
} from "./redis-bench.ts";
import { startRedis, type TestRedis } from "./redis-server.ts";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

const KB = 1000;
/** Far longer than any of these takes where it is right. */
const LIMIT = { timeout: 60_000 };

let redis: TestRedis;
let proxy: TcpProxy;
let inspector: Inspector;

before(async () => {
  redis = await startRedis();
  inspector = await inspect(redis.url);
});
after(async () => {
  inspector.close();
  await redis.stop();
});

/** Two engines in one namespace: one beside Redis, one behind a line that is thin in one or both directions. */
interface ThinLine extends AsyncDisposable {
  readonly near: RedisBench;
  readonly far: RedisBench;
}

let lines = 0;

async function thinLine(
  bandwidth: { readonly up?: number; readonly down?: number },
  options: RedisBenchOptions = {},
): Promise<ThinLine> {
  lines += 1;
  const namespace = `thin-${lines}`;
  proxy = await startTcpProxy(redis.port);
  const near = redisBench(redis.url, { namespace });
  const far = redisBench(`redis://127.0.0.1:${proxy.port}`, {
    callTimeout: 300,
    ...options,
    namespace,
  });
  for (const { spin } of [near, far]) spin.task("large", { maxRetries: 3 }, (_text: string) => {});
  proxy.up.narrow(bandwidth.up ?? Infinity);
  proxy.down.narrow(bandwidth.down ?? Infinity);
  return {
    near,
    far,
    [Symbol.asyncDispose]: async () => {
      proxy.up.narrow(Infinity);
      proxy.down.narrow(Infinity);
      await near.spin.close();
      await far.spin.close();
      await proxy.close();
    },
  };
}

function warnings({ logger }: RedisBench): readonly string[] {
  return logger.lines.filter(({ level }) => level === "warn").map(({ message }) => message);
}

describe("a job that takes longer than callTimeout on its way", () => {
  test("is scheduled, as long as the line moves", LIMIT, async () => {
    await using it = await thinLine({ up: 200 * KB });
    await it.far.spin.schedule("large", "x".repeat(400 * KB));
    assert.deepEqual(warnings(it.far), []);
    assert.equal(proxy.up.passedBytes < 450 * KB, true, "it was sent once");
  });

  test("is fetched, as long as the line moves", LIMIT, async () => {
    await using it = await thinLine({ down: 200 * KB });
    await it.near.spin.schedule("large", "x".repeat(400 * KB));
    const done = ended(it.far, 1);
    await it.far.spin.startWorkers({ workers: new AsyncWorkers() });
    await done;
    assert.deepEqual(warnings(it.far), []);
    assert.equal(proxy.down.passedBytes < 450 * KB, true, "it came once");
  });
});

describe("jobs that are large together", () => {
  test("come as many at a time as 1 MiB goes, and each runs once", LIMIT, async () => {
    await using it = await thinLine({ down: 400 * KB }, { callTimeout: 500 });
    const ran: string[] = [];
    it.far.spin.on("jobStarted", ({ job }) => ran.push(job.id));
    for (let job = 0; job < 14; job += 1)
      await it.near.spin.schedule("large", "x".repeat(100 * KB));
    const done = ended(it.far, 14);
    await it.far.broker.start();
    // It tries its rights, by the same commands.
    await it.far.broker.ready();
    await inspector.resetCounts();
    await it.far.spin.startWorkers({ workers: new AsyncWorkers({ number: 20 }) });
    await done;
    assert.equal(new Set(ran).size, ran.length);
    assert.deepEqual(warnings(it.far), []);
    const { lpush = 0 } = await inspector.commandCounts();
    assert.equal(lpush, 1, "what did not fit was put back");
  });

  test("come fewer at a time after a fetch that was late, then more again", LIMIT, async () => {
    await using it = await thinLine({});
    const { broker } = it.far;
    for (let job = 0; job < 24; job += 1)
      await it.near.spin.schedule("large", "x".repeat(100 * KB));
    await it.far.spin.schedule("large", "");
    await broker.exchange({ outcomes: [], queues: ["other"], max: 1 });
    const take = { outcomes: [], queues: ["spinach"], max: 8 };
    proxy.freeze(true);
    await assert.rejects(broker.exchange(take), /exchange took longer than/v);
    proxy.freeze(false);
    const counts: number[] = [];
    await until("the connection is back", async () => {
      counts.push(
        await broker.exchange(take).then(
          ({ count }) => count,
          () => 0,
        ),
      );
      return counts.at(-1) !== 0;
    });
    counts.push((await broker.exchange(take)).count);
    assert.deepEqual(
      counts.filter((count) => count > 0),
      [5, 8],
    );
  });

  test("keep their order where some are put back", LIMIT, async () => {
    await using it = await thinLine({});
    const scheduled: string[] = [];
    const ran: string[] = [];
    for (let job = 0; job < 30; job += 1) {
      const size = job % 7 === 3 ? 700 * KB : 50 * KB;
      scheduled.push((await it.near.spin.schedule("large", "x".repeat(size))).id);
    }
    it.far.spin.on("jobStarted", ({ job }) => ran.push(job.id));
    const done = ended(it.far, 30);
    await it.far.spin.startWorkers({ workers: new AsyncWorkers({ number: 12 }) });
    await done;
    assert.deepEqual(ran, scheduled);
  });

  test("cost no lease while they are on their way for longer than one", LIMIT, async () => {
    const lease = 1000;
    await using it = await thinLine({ down: 200 * KB }, { lease });
    const ran: string[] = [];
    it.far.spin.on("jobStarted", ({ job }) => ran.push(job.id));
    for (let job = 0; job < 3; job += 1) await it.near.spin.schedule("large", "x".repeat(250 * KB));
    await using watcher = redisBench(redis.url, { namespace: it.far.namespace, lease });
    await watcher.spin.startWorkers({ queue: "other", workers: new AsyncWorkers() });
    const done = ended(it.far, 3);
    await it.far.spin.startWorkers({ workers: new AsyncWorkers() });
    await done;
    assert.equal(ran.length, 3);
    const lost = it.far.logger.lines.filter(({ message }) => message.includes("lease"));
    assert.deepEqual(lost, []);
  });
});

describe("a job of 1 MB", () => {
  const text = "ä".repeat(500 * KB);

  /** Runs what settles the job that the far side holds; resolves to how many bytes that sent up. */
  async function sent(it: ThinLine, settle: () => Promise<unknown>): Promise<number> {
    const earlier = proxy.up.passedBytes;
    await settle();
    await idle(inspector, it.far.namespace);
    return proxy.up.passedBytes - earlier;
  }

  test("that is tried again does not travel up for that, and stays what it is", LIMIT, async () => {
    await using it = await thinLine({});
    const seen: boolean[] = [];
    it.far.spin.task("fails once", { maxRetries: 1 }, (got: string) => {
      seen.push(got === text);
      if (seen.length === 1) throw new RetryError("again", { at: new Date(Date.now() + 50) });
    });
    it.near.spin.task("fails once", { maxRetries: 1 }, () => {});
    await it.near.spin.schedule("fails once", text);
    const [first, second] = [ended(it.far, 1), Promise.withResolvers<void>()];
    it.far.spin.on("jobFinished", () => {
      if (seen.length === 2) second.resolve();
    });
    const up = await sent(it, async () => {
      await it.far.spin.startWorkers({ workers: new AsyncWorkers() });
      await first;
      await second.promise;
    });
    assert.deepEqual(seen, [true, true]);
    assert.ok(up < 100 * KB, `${up} bytes`);
  });

  test("that is put back does not travel up for that", LIMIT, async () => {
    await using it = await thinLine({});
    const started = Promise.withResolvers<void>();
    it.far.spin.task("waits", { maxRetries: 1 }, async (_text: string) => {
      started.resolve();
      await new Promise((_resolve, reject) => {
        currentJob()?.signal.addEventListener("abort", () => {
          reject(new Error("stopped"));
        });
      });
    });
    it.near.spin.task("waits", { maxRetries: 1 }, () => {});
    await it.near.spin.schedule("waits", text);
    await it.far.spin.startWorkers({ workers: new AsyncWorkers() });
    await started.promise;
    const keys = new RedisKeys(it.far.namespace);
    const up = await sent(it, () => it.far.spin.stopWorkers({ timeout: 0 }));
    assert.ok(up < 10 * KB, `${up} bytes`);
    const [wire] = (await inspector.call("LRANGE", keys.queue("spinach"), "0", "-1")) as [string];
    assert.ok(wire.includes(text));
  });

  test("of a dead process is brought back without its arguments", LIMIT, async () => {
    await using it = await thinLine({});
    const { broker, namespace } = it.far;
    const keys = new RedisKeys(namespace);
    const dead = "00000000-0000-4000-8000-00000000dead";
    await it.near.spin.schedule("large", text);
    const wire = String(await inspector.call("LPOP", keys.queue("spinach")));
    const id = wire.slice(7, 43);
    await inspector.call("HSET", keys.running(dead), id, wire);
    await inspector.call("ZADD", keys.fixed.brokers, "1", dead);
    await it.far.spin.schedule("count", 0);
    const earlier = proxy.up.passedBytes + proxy.down.passedBytes;
    assert.deepEqual(await broker.rescue(dead), { reenqueued: 1, failed: [] });
    const moved = proxy.up.passedBytes + proxy.down.passedBytes - earlier;
    assert.ok(moved < 100 * KB, `${moved} bytes`);
    const [, again] = (await inspector.call("LRANGE", keys.queue("spinach"), "0", "-1")) as [
      string,
      string,
    ];
    const expected = rewriteJob(decodeJob(wire), {
      status: JobStatus.QUEUED,
      retries: 1,
      atMs: decodeJob(again).job.at.getTime(),
    });
    assert.equal(again, expected.wire);
  });
});

describe("many jobs of a dead process", () => {
  test(
    "are read and brought back 1 MiB at a time, ours and those of other layouts",
    LIMIT,
    async () => {
      await using it = await thinLine({});
      const { broker, namespace } = it.far;
      const keys = new RedisKeys(namespace);
      const dead = "00000000-0000-4000-8000-00000000dead";
      for (let job = 0; job < 24; job += 1) {
        await it.near.spin.schedule("large", "x".repeat(100 * KB));
        const wire = String(await inspector.call("LPOP", keys.queue("spinach")));
        const other = JSON.stringify({ v: 1, ...(JSON.parse(wire) as object) });
        const held = job % 8 === 0 ? other : wire;
        await inspector.call("HSET", keys.running(dead), wire.slice(7, 43), held);
      }
      await inspector.call("ZADD", keys.fixed.brokers, "1", dead);
      await it.far.spin.schedule("count", 0);
      await broker.exchange({ outcomes: [], queues: ["other"], max: 1 });
      await inspector.resetCounts();
      assert.deepEqual(await broker.rescue(dead), { reenqueued: 24, failed: [] });
      const { evalsha = 0, eval: sentWhole = 0 } = await inspector.commandCounts();
      const calls = evalsha + sentWhole;
      assert.ok(calls >= 9 && calls <= 20, `${calls} calls`);
      assert.equal(await inspector.call("LLEN", keys.queue("spinach")), 25);
      const texts = (await inspector.call("LRANGE", keys.queue("spinach"), "1", "-1")) as string[];
      for (const wire of texts) {
        const { job } = decodeJob(wire);
        assert.equal(job.retries, 1);
        assert.deepEqual(job.args, ["x".repeat(100 * KB)]);
      }
    },
  );
});

describe("jobs of a lost reply", () => {
  test("are asked for by what is not known of them, in requests of 1 MiB", LIMIT, async () => {
    await using it = await thinLine({});
    const { broker, namespace } = it.far;
    const keys = new RedisKeys(namespace);
    const texts = new Map<string, string>();
    for (let job = 0; job < 12; job += 1) {
      await it.near.spin.schedule("large", "x".repeat(250 * KB));
      const wire = String(await inspector.call("LPOP", keys.queue("spinach")));
      texts.set(wire.slice(7, 43), wire);
    }
    await it.far.spin.schedule("count", 0);
    for (const [id, wire] of texts) await inspector.call("HSET", keys.running(broker.id), id, wire);
    const [known = ""] = texts.keys();
    await inspector.resetCounts();
    const found = await broker.reconcile({ queues: ["spinach"], known: new Set([known]) });
    texts.delete(known);
    assert.deepEqual(found.map(({ wire }) => wire).toSorted(), [...texts.values()].toSorted());
    const { evalsha = 0 } = await inspector.commandCounts();
    assert.equal(evalsha, 4, "the ids, then 4, 4 and 3 jobs");
  });
});

describe("a call that is late again", () => {
  test(
    "says how many bytes it sends, for which jobs, and which option to change",
    LIMIT,
    async () => {
      await using it = await thinLine({});
      await it.far.spin.schedule("large", "");
      const held = [proxy.holdAt("MARKER")];
      const scheduled = it.far.spin.schedule("large", "MARKER");
      await held[0];
      held.push(proxy.holdAt("MARKER"));
      const { id } = await scheduled;
      const reasons = it.far.logger.lines
        .filter(({ message }) => message.includes("is lost"))
        .map(({ fields }) => ("err" in fields ? String(fields.err) : ""));
      assert.equal(reasons.length, 2);
      assert.match(reasons[0] ?? "", /enqueue took longer than 3\d\d ms$/v);
      assert.match(reasons[1] ?? "", /2 times one after the other: it sends \d+ bytes/v);
      assert.ok(reasons[1]?.includes(`for the jobs ${id}; `));
      assert.match(reasons[1] ?? "", /raise callTimeout of RedisBroker/v);
      for (const each of held) await (await each)();
    },
  );
});

describe("schedule() calls made at once", () => {
  const schedule = async ({ spin }: RedisBench, calls: number, text: string): Promise<void> => {
    await Promise.all(Array.from({ length: calls }, () => spin.schedule("large", text)));
  };
  const queued = ({ namespace }: RedisBench): Promise<unknown> =>
    inspector.call("LLEN", new RedisKeys(namespace).queue("spinach"));

  test("share a request as far as 1 MiB goes", LIMIT, async () => {
    await using it = await thinLine({});
    await it.far.spin.schedule("large", "");
    await inspector.resetCounts();
    await schedule(it.far, 30, "x".repeat(100 * KB));
    const { evalsha } = await inspector.commandCounts();
    assert.equal(evalsha, 3);
  });

  test("are fewer a request after one that was late, and all arrive once", LIMIT, async () => {
    await using it = await thinLine({});
    await it.far.spin.schedule("large", "");
    await inspector.resetCounts();
    proxy.freeze(true);
    const scheduled = schedule(it.far, 8, "x".repeat(500));
    await logged(it.far, "is lost");
    proxy.freeze(false);
    await scheduled;
    const { evalsha } = await inspector.commandCounts();
    assert.equal(evalsha, 2, "the first four, then the others");
    assert.equal(await queued(it.far), 9);
  });

  test(
    "arrive once where the reply to all of them was late, and fewer are sent again",
    LIMIT,
    async () => {
      await using it = await thinLine({});
      await it.far.spin.schedule("large", "");
      proxy.down.narrow(1);
      const scheduled = schedule(it.far, 8, "x".repeat(500));
      await logged(it.far, "is lost");
      assert.equal(await queued(it.far), 9);
      proxy.down.narrow(Infinity);
      await scheduled;
      assert.equal(await queued(it.far), 9);
    },
  );
});
