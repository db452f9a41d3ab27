import assert from "node:assert/strict";

import { systemRuntime } from "../../platform/runtime.ts";
import {
  type BenchTest,
  QUEUE,
  elsewhere,
  findOut,
  nextWakeUp,
  outcome,
  plain,
  retried,
  settle,
  take,
} from "./broker-bench.ts";
import { testTask } from "./test-cluster.ts";

const MANY = 10_000;

/** Wake-ups, flush, start and stop. */
export function housekeepingTests(test: BenchTest): void {
  test("enqueue() wakes a process that found the queue empty", async (bench) => {
    const { broker, other, jobs } = bench;
    await take(broker, 1, "elsewhere");
    await take(other, 1, "elsewhere");
    const woken = nextWakeUp([broker, other], "elsewhere");
    await broker.enqueue([jobs.make(elsewhere)]);
    await woken;
  });

  test("enqueue() of many jobs wakes every process that found the queue empty", async (bench) => {
    const { broker, other, jobs } = bench;
    await take(broker, 1, "elsewhere");
    await take(other, 1, "elsewhere");
    const woken = Promise.all([nextWakeUp(broker, "elsewhere"), nextWakeUp(other, "elsewhere")]);
    await broker.enqueue([jobs.make(elsewhere), jobs.make(elsewhere)]);
    await woken;
  });

  test("a future job wakes too: someone may have to wake up earlier", async (bench) => {
    const { broker, other, cluster, jobs } = bench;
    await take(other, 1);
    const woken = nextWakeUp(other, QUEUE);
    await broker.enqueue([jobs.make(plain, [], cluster.now() + 60_000)]);
    await woken;
  });

  test("a job that was put back or moved wakes too", async (bench) => {
    const { broker, other, cluster, jobs } = bench;
    await broker.enqueue([jobs.make(plain), jobs.make(plain, [], cluster.now() + 20)]);
    const [taken] = (await take(broker, 1)).jobs;
    await take(other, 1);
    const released = nextWakeUp(other, QUEUE);
    await settle(broker, [outcome("released", taken)]);
    await released;
    await take(other, 2);
    const moved = nextWakeUp(other, QUEUE);
    await cluster.pass(30);
    await broker.tick();
    await moved;
  });

  test("a stopped listener hears nothing", async (bench) => {
    const { broker, jobs } = bench;
    await take(broker, 1);
    let heard = 0;
    const stop = broker.onWakeUp(() => {
      heard += 1;
    });
    stop();
    const woken = nextWakeUp(broker, QUEUE);
    await broker.enqueue([jobs.make(plain)]);
    await woken;
    assert.equal(heard, 0);
  });

  test("enqueue() takes in 10,000 jobs at once, and none", async (bench) => {
    const { broker, jobs } = bench;
    await broker.enqueue([]);
    await broker.enqueue(jobs.makeMany(MANY, plain));
    assert.equal((await take(broker, 1000)).jobs.length, 1000);
  });

  test("flush() deletes everything", async (bench) => {
    const { broker, other, cluster, jobs } = bench;
    const everything = testTask("everything", { maxConcurrency: 1, periodicity: 40 });
    await broker.register([everything]);
    await broker.enqueue([...jobs.makeMany(3, everything), ...jobs.makeMany(3, retried)]);
    await broker.enqueue([jobs.make(plain, [], cluster.now() + 10)]);
    await take(broker, 2);
    await other.flush();
    await findOut(broker);
    await cluster.pass(50);
    assert.deepEqual(await broker.tick(), { nextDueMs: undefined });
    assert.equal((await take(broker, 10)).jobs.length, 0);
    assert.equal(await broker.isQueueEmpty(QUEUE), true);
    assert.deepEqual(await other.rescue(broker.id), { reenqueued: 0, failed: [] });
  });

  test("start() and stop() may come twice, and start() after stop()", async (bench) => {
    const { broker, jobs } = bench;
    await broker.start();
    await broker.stop();
    await broker.stop();
    await broker.start();
    await broker.enqueue([jobs.make(plain)]);
    assert.equal((await take(broker, 1)).jobs.length, 1);
  });

  test("each broker has an id of its own, a UUID", async ({ broker, other }) => {
    assert.match(broker.id, /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/v);
    assert.notEqual(broker.id, other.id);
  });

  test("bind() refuses a second engine", async ({ broker }) => {
    assert.throws(() => {
      broker.bind({ namespace: "other", runtime: systemRuntime() });
    }, TypeError);
  });
}
