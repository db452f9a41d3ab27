/** The promises of an engine on a real Redis that restarts, freezes, forgets scripts and loses replies. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";

import type { RedisBrokerOptions } from "../../../src/brokers/redis/redis-broker-options.ts";
import { BrokerError } from "../../../src/core/errors.ts";
import { settled } from "../../../src/testing/fake-runtime.ts";
import { until, within } from "../../../src/testing/waits.ts";
import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import { inspect, type Inspector } from "./inspector.ts";
import {
  ended,
  eachOnce,
  idle,
  logged,
  redisBench,
  type RedisBench,
  type RedisBenchOptions,
  scheduleMany,
} from "./redis-bench.ts";
import { startRedis, type TestRedis } from "./redis-server.ts";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";
import { startWorkerProcess, type WorkerProcess } from "./worker-process.ts";

let redis: TestRedis;
let proxy: TcpProxy;
let inspector: Inspector;

before(async () => {
  redis = await startRedis("--appendonly", "yes", "--appendfsync", "always");
  proxy = await startTcpProxy(redis.port);
  inspector = await inspect(redis.url);
});
after(async () => {
  inspector.close();
  await proxy.close();
  await redis.stop();
});

function bench(options: RedisBenchOptions = {}): RedisBench {
  return redisBench(redis.url, options);
}

function proxied(): string {
  return `redis://127.0.0.1:${proxy.port}`;
}

function workerProcess(
  { namespace }: RedisBench,
  behaviour: string,
  options: RedisBrokerOptions = {},
): Promise<WorkerProcess> {
  return startWorkerProcess({ url: redis.url, namespace, behaviour, options });
}

describe("an engine on Redis", () => {
  test("runs each of 20,000 jobs once, and leaves nothing behind", async (t) => {
    await using it = bench();
    await scheduleMany(it, 20_000);
    const startedMs = performance.now();
    const workers = new AsyncWorkers({ number: 256 });
    const running = await it.spin.startWorkers({ workers, stopWhenQueueEmpty: true });
    await running.finished;
    t.diagnostic(`${Math.round(20_000 / ((performance.now() - startedMs) / 1000))} jobs/s`);
    eachOnce(it, 20_000);
    await it.spin.close();
    const left = await inspector.keys(it.namespace);
    assert.deepEqual(
      left.filter((key) => !/_producer-|_data-id$|_(?:stated_tasks|definitions)$/v.test(key)),
      [],
    );
  });

  test("one trip takes 256 jobs with 1 LPOP and 1 HSET, and settles them with 1 HDEL", async () => {
    await using it = bench({ lease: 600_000 });
    await it.spin.startWorkers({ workers: new AsyncWorkers({ number: 256 }) });
    await using producer = bench({ namespace: it.namespace });
    const warm = ended(it, 1);
    await producer.spin.schedule("count", 256);
    await warm;
    // Told to the broker, and the queue found empty: nothing of it is counted below.
    await idle(inspector, it.namespace);
    await inspector.resetCounts();
    const done = ended(it, 256);
    await scheduleMany(producer, 256);
    await done;
    await it.spin.stopWorkers();
    const { evalsha, lpop, hset, hdel } = await inspector.commandCounts();
    assert.deepEqual({ evalsha, lpop, hset, hdel }, { evalsha: 3, lpop: 1, hset: 1, hdel: 1 });
  });

  test("[G2] schedule() calls of one turn share a trip, and cost a key per producer", async () => {
    await using it = bench();
    await it.spin.schedule("count", 0);
    await inspector.resetCounts();
    await Promise.all(Array.from({ length: 500 }, (_, index) => it.spin.schedule("count", index)));
    const counts = await inspector.commandCounts();
    assert.equal(counts["evalsha"], 1);
    assert.equal(counts["rpush"], 1);
    assert.equal((await inspector.keys(it.namespace)).length, 2, "the queue, and the producer");
  });

  test("[G2] a schedule() that is cut short by a close says that its job may be in", async () => {
    await using it = redisBench(proxied());
    await it.spin.schedule("count", 0);
    proxy.freeze(true);
    const refused = assert.rejects(it.spin.schedule("count", 1), (error: unknown) => {
      assert.ok(error instanceof BrokerError);
      assert.match(error.message, /may or may not have been scheduled.*closed/v);
      return true;
    });
    await settled();
    await it.spin.close();
    proxy.freeze(false);
    await refused;
  });

  test("[G2] a schedule() whose reply is lost is tried again, and doubles nothing", async () => {
    await using it = redisBench(proxied());
    for (let index = 0; index < 20; index += 1) {
      if (index % 4 === 1) proxy.loseReplies(1);
      if (index % 4 === 3) proxy.cut();
      await it.spin.schedule("count", index);
    }
    const done = ended(it, 20);
    await it.spin.startWorkers({ workers: new AsyncWorkers() });
    await done;
    eachOnce(it, 20);
  });

  test("[G4] replies that are lost lose and double no job", async () => {
    await using it = redisBench(proxied());
    await scheduleMany(it, 500);
    const done = ended(it, 500);
    let finished = 0;
    it.spin.on("jobFinished", () => {
      finished += 1;
      if (finished % 50 === 0) proxy.loseReplies(1);
    });
    await it.spin.startWorkers({ workers: new AsyncWorkers({ number: 7 }) });
    await done;
    proxy.loseReplies(0);
    await it.spin.stopWorkers();
    eachOnce(it, 500);
  });

  test("[G12] a half-open connection is noticed and replaced", async () => {
    await using it = redisBench(proxied(), { callTimeout: 1000 });
    await it.spin.startWorkers({ workers: new AsyncWorkers() });
    const done = ended(it, 1);
    proxy.freeze(true);
    const scheduling = it.spin.schedule("count", 1);
    await once(new EventTarget(), "never", { signal: AbortSignal.timeout(1500) }).catch(() => {
      // Longer than the deadline of a call has passed.
    });
    proxy.freeze(false);
    proxy.cut();
    await scheduling;
    await done;
    eachOnce(it, 1);
    assert.ok(it.logger.lines.some(({ message }) => message.includes("is lost")));
    assert.ok(it.logger.lines.some(({ message }) => message.includes("is back")));
  });

  test("[G12] a restarted server that knows no script is used on, with what it had", async () => {
    await using it = bench();
    await scheduleMany(it, 200);
    const done = ended(it, 200);
    let finished = 0;
    const restarted = Promise.withResolvers<void>();
    it.spin.on("jobFinished", () => {
      finished += 1;
      if (finished === 50) {
        void redis
          .kill()
          .then(() => redis.restart())
          .then(restarted.resolve);
      }
    });
    await it.spin.startWorkers({ workers: new AsyncWorkers({ number: 5 }) });
    await done;
    await within("Redis was restarted", restarted.promise);
    await it.spin.stopWorkers();
    eachOnce(it, 200);
    assert.equal(await inspector.call("LLEN", `${it.namespace}/spinach`), 0);
  });

  test("texts that are no jobs harm no others: in a queue, in the future, on a dead broker", async () => {
    await using it = bench({ lease: 2000 });
    const { namespace, spin } = it;
    spin.task('say "hi"', { maxRetries: 1, maxConcurrency: 1 }, () => undefined);
    const deadId = "00000000-0000-4000-8000-000000000000";
    const broken = `{"id":"${deadId}","status":2,"task_name":"tru`;
    await inspector.call("HSET", `${namespace}/_running-jobs-on-broker-${deadId}`, "x", broken);
    await inspector.call("ZADD", `${namespace}/_all_brokers_zset`, "1", deadId);
    await inspector.call("HSET", `${namespace}/_all_brokers_hash`, deadId, '{"lease_ms": 1}');
    await spin.schedule("count", 1);
    await inspector.call("RPUSH", `${namespace}/spinach`, broken, "{}", "7");
    await inspector.call("ZADD", `${namespace}/_future-jobs`, "1", broken);
    await inspector.call("HSET", `${namespace}/_periodic_tasks_hash`, "odd", '{"name": "odd"}');
    await inspector.call("ZADD", `${namespace}/_periodic_tasks_queue`, "1", "odd");
    await spin.schedule('say "hi"', "\ud83d");
    await spin.scheduleAt('say "hi"', new Date(Date.now() + 100), "\ud83d");
    await spin.schedule("count", 2);
    const done = ended(it, 4);
    await spin.startWorkers({ workers: new AsyncWorkers({ number: 10 }) });
    await done;
    eachOnce(it, 2);
    await logged(it, "took over the jobs");
    assert.equal(
      await inspector.call("EXISTS", `${namespace}/_running-jobs-on-broker-${deadId}`),
      0,
    );
    assert.equal(await inspector.call("LLEN", `${namespace}/_quarantine`), 6);
  });

  test("SCRIPT FLUSH changes nothing", async () => {
    await using it = bench();
    await it.spin.schedule("count", 1);
    await inspector.call("SCRIPT", "FLUSH");
    const done = ended(it, 2);
    await it.spin.schedule("count", 2);
    await it.spin.startWorkers({ workers: new AsyncWorkers() });
    await done;
    eachOnce({ ...it }, 2);
  });

  test("[G11] stop() and close() return when Redis is gone", async () => {
    const own = await startRedis();
    after(() => own.stop());
    const it = redisBench(own.url, { callTimeout: 2000 });
    await it.spin.startWorkers({ workers: new AsyncWorkers() });
    await own.kill();
    await it.spin.close({ timeout: 0 });
  });

  test("[G11] a close does not wait for a Redis that hangs longer than it must", async () => {
    const own = await startRedis();
    after(() => own.stop());
    const hanging = await startTcpProxy(own.port);
    after(() => hanging.close());
    const it = redisBench(`redis://127.0.0.1:${hanging.port}`, { callTimeout: 60_000 });
    await it.spin.startWorkers({ workers: new AsyncWorkers() });
    const look = await inspect(own.url);
    await until("it stands idle", async () => {
      return (await look.call("SCARD", `${it.namespace}/_idle-brokers-of-spinach`)) === 1;
    });
    look.close();
    hanging.freeze(true);
    // Far less than the time that a call may take.
    await it.spin.close();
  });

  test("what Redis refuses is a BrokerError that says what to do", async () => {
    const own = await startRedis("--requirepass", "secret");
    after(() => own.stop());
    const refused = redisBench(own.url);
    await assert.rejects(refused.spin.schedule("count", 1), (error) => {
      assert.ok(error instanceof BrokerError);
      assert.match(error.message, /NOAUTH.*username and password/v);
      return true;
    });
    await refused.spin.close();
    await using allowed = redisBench(`redis://:secret@127.0.0.1:${own.port}`);
    await allowed.spin.schedule("count", 1);
  });

  test("a server that is not there is a BrokerError in time, not a hang", async () => {
    await using it = redisBench("redis://127.0.0.1:1", { callTimeout: 300 });
    await assert.rejects(it.spin.schedule("count", 1), BrokerError);
  });

  test("[G9] future jobs and periodic tasks run by Redis' clock", async () => {
    await using it = bench();
    const starts: number[] = [];
    it.spin.task("tick", { periodicity: 100 }, () => starts.push(Date.now()));
    const at = Date.now() + 150;
    await it.spin.scheduleAt("count", new Date(at), 1);
    const done = ended(it, 4);
    await it.spin.startWorkers({ workers: new AsyncWorkers() });
    await done;
    await it.spin.stopWorkers();
    assert.ok(it.runs.has(1));
    assert.ok(Date.now() >= at);
    assert.ok(starts.length >= 2);
  });
});

describe("processes on Redis", () => {
  test("[G7] the jobs of a process that was killed are taken over", async () => {
    await using it = bench({ lease: 2000 });
    const child = await workerProcess(it, "hang");
    await it.spin.schedule("count", 1);
    await child.line("running");
    child.kill("SIGKILL");
    const done = ended(it, 1);
    await it.spin.startWorkers({ workers: new AsyncWorkers() });
    await done;
    eachOnce(it, 1);
    const { fields } = await logged(it, "took over the jobs");
    assert.ok("reenqueued" in fields && fields.reenqueued === 1);
  });

  test("[G6] a process whose event loop blocks beyond the lease keeps its job", async () => {
    await using it = bench({ lease: 2000 });
    const child = await workerProcess(it, "block", { blockedAfter: 1000 });
    await it.spin.schedule("count", 1);
    await child.line("running");
    // On another queue: it watches over the cluster and takes nothing itself.
    await it.spin.startWorkers({ workers: new AsyncWorkers(), queue: "other" });
    await child.line("ended");
    await child.line("blocked count turnInCircles as long as it was");
    child.kill("SIGTERM");
    await child.exited;
    assert.deepEqual(
      child.lines.filter((line) => !line.startsWith("blocked")),
      ["ready", "running", "ended"],
    );
    assert.equal(
      it.logger.lines.some(({ message }) => message.includes("took over the jobs")),
      false,
    );
  });

  test("[G6] a process that is stuck lets its jobs go, and says where it hangs", async () => {
    await using it = bench({ lease: 1000 });
    const child = await workerProcess(it, "stick", { lease: 1000, stuckAfter: 1500 });
    await it.spin.schedule("count", 1);
    await child.line("running");
    const done = ended(it, 1);
    await it.spin.startWorkers({ workers: new AsyncWorkers() });
    await done;
    eachOnce(it, 1);
    assert.equal(child.lines.includes("ended"), false, "while it was stuck");
    const complaint = child.complaints.join("\n");
    assert.match(complaint, /blocked for 1500 ms.*count.*\n +at turnInCircles .*worker.ts:\d+/v);
    child.kill("SIGKILL");
    await child.exited;
  });

  test("[G7] a process that was suspended does not take the others for dead", async () => {
    await using it = bench({ lease: 2000 });
    const child = await workerProcess(it, "hang");
    await it.spin.schedule("count", 1);
    await child.line("running");
    const watcher = await workerProcess(it, "hang");
    // Both stand still beyond the lease, as when a machine sleeps; the watcher wakes up first.
    child.kill("SIGSTOP");
    watcher.kill("SIGSTOP");
    await once(new EventTarget(), "never", { signal: AbortSignal.timeout(4000) }).catch(() => {
      // Two leases have passed.
    });
    child.kill("SIGCONT");
    watcher.kill("SIGCONT");
    await it.spin.startWorkers({ workers: new AsyncWorkers(), queue: "other" });
    await once(new EventTarget(), "never", { signal: AbortSignal.timeout(3000) }).catch(() => {
      // Time enough to be rescued, if somebody were wrong.
    });
    assert.deepEqual([...child.lines, ...watcher.lines], ["ready", "running", "ready"]);
    child.kill("SIGKILL");
    watcher.kill("SIGKILL");
    await Promise.all([child.exited, watcher.exited]);
  });

  test("[G7] an outage of Redis beyond the lease is nobody's death", async () => {
    const own = await startRedis();
    after(() => own.stop());
    const it = redisBench(own.url, { lease: 2000, callTimeout: 500 });
    const { namespace } = it;
    const options = { lease: 2000, callTimeout: 500 };
    const child = await startWorkerProcess({
      url: own.url,
      namespace,
      behaviour: "hang",
      options,
    });
    await it.spin.schedule("count", 1);
    await child.line("running");
    await it.spin.startWorkers({ workers: new AsyncWorkers(), queue: "other" });
    const look = await inspect(own.url);
    const idleKey = `${namespace}/_idle-brokers-of-other`;
    await until("it has joined", async () => (await look.call("SCARD", idleKey)) === 1);
    look.close();
    own.freeze(true);
    await once(new EventTarget(), "never", { signal: AbortSignal.timeout(5000) }).catch(() => {
      // More than two leases have passed.
    });
    own.freeze(false);
    await logged(it, "heartbeats work again");
    await once(new EventTarget(), "never", { signal: AbortSignal.timeout(5000) }).catch(() => {
      // Time enough to be rescued, if somebody were wrong.
    });
    assert.deepEqual(child.lines, ["ready", "running"]);
    assert.ok(!it.logger.lines.some(({ message }) => message.includes("took over the jobs")));
    child.kill("SIGKILL");
    await child.exited;
    await it.spin.close();
  });

  test("[G8] a process that was frozen beyond its lease is fenced when it comes back", async () => {
    await using it = bench({ lease: 2000 });
    const child = await workerProcess(it, "hang");
    await it.spin.schedule("count", 1);
    await child.line("running");
    child.kill("SIGSTOP");
    const done = ended(it, 1);
    await it.spin.startWorkers({ workers: new AsyncWorkers() });
    await done;
    child.kill("SIGCONT");
    await child.line("aborted LeaseLostError");
    child.kill("SIGTERM");
    await child.exited;
    eachOnce(it, 1);
  });
});
