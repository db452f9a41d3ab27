import assert from "node:assert/strict";

import type { StoredJob } from "../../core/job.ts";
import {
  type BenchTest,
  QUEUE,
  plain,
  exchange,
  findOut,
  take,
  settle,
  outcome,
  later,
  ids,
  nextWakeUp,
} from "./broker-bench.ts";
import { testTask } from "./test-cluster.ts";

/** Concurrency limits. */
export function limitTests(test: BenchTest): void {
  const limited = testTask("limited", { maxConcurrency: 2, maxRetries: 3 });

  test("[G5] no more jobs of a task run in the cluster than its limit", async (bench) => {
    const { broker, other, jobs } = bench;
    await broker.register([limited]);
    await broker.enqueue(jobs.makeMany(5, limited));
    assert.equal((await take(broker, 1)).jobs.length, 1);
    assert.equal((await take(other, 10)).jobs.length, 1);
    assert.equal((await take(broker, 10)).jobs.length, 0);
  });

  test("[G5] jobs behind a limit hold up no others, and come in their order", async (bench) => {
    const { broker, jobs } = bench;
    await broker.register([limited, plain]);
    const made = jobs.makeMany(5, limited);
    const free = jobs.make(plain);
    await broker.enqueue([...made, free]);
    const { jobs: first } = await take(broker, 10);
    assert.deepEqual(ids(first), ids([...made.slice(0, 2), free]));
    const rest: StoredJob[] = [];
    const running = first.slice(0, 2);
    while (running.length > 0) {
      const reply = await exchange(broker, [outcome("succeeded", running.shift())], 1);
      assert.equal(reply.jobs.length, rest.length < 3 ? 1 : 0);
      rest.push(...reply.jobs);
      running.push(...reply.jobs);
    }
    assert.deepEqual(ids(rest), ids(made.slice(2)));
  });

  test("[G5] the count does not drift: settled twice, fenced, retried, released, rescued", async (bench) => {
    const { broker, other, cluster, jobs } = bench;
    await broker.register([limited]);
    await broker.enqueue(jobs.makeMany(20, limited));
    const [one, two] = (await take(broker, 10)).jobs;
    const told = [outcome("succeeded", one)];
    await settle(broker, told);
    await settle(broker, told);
    await settle(other, [outcome("succeeded", two)]);
    const [three, ...none] = (await take(broker, 10)).jobs;
    assert.equal(none.length, 0, "one place was free, whatever was told twice or by another");
    await settle(broker, [
      outcome("released", three),
      outcome("retried", later(two, cluster.now() + 60_000)),
    ]);
    assert.equal((await take(other, 10)).jobs.length, 2);
    await broker.rescue(other.id);
    assert.equal((await take(broker, 10)).jobs.length, 2);
    assert.equal((await take(broker, 10)).jobs.length, 0);
  });

  test("[G5] isQueueEmpty() counts jobs parked behind a limit", async (bench) => {
    const { broker, other, jobs } = bench;
    await broker.register([limited]);
    await broker.enqueue(jobs.makeMany(3, limited));
    const { jobs: taken } = await take(broker, 10);
    assert.equal(await other.isQueueEmpty(QUEUE), false);
    await exchange(
      broker,
      taken.map((stored) => outcome("succeeded", stored)),
      10,
    );
    assert.equal(await other.isQueueEmpty(QUEUE), true);
  });

  test("[G5] a place that gets free wakes the queues that wait for it", async (bench) => {
    const { broker, other, jobs } = bench;
    const single = testTask("single", { maxConcurrency: 1 });
    await broker.register([single]);
    await broker.enqueue([jobs.make(single), jobs.make({ ...single, queue: "elsewhere" })]);
    const { jobs: taken } = await take(broker, 1);
    assert.equal((await take(other, 1, "elsewhere")).jobs.length, 0);
    const woken = nextWakeUp(other, "elsewhere");
    await settle(broker, [outcome("succeeded", taken[0])]);
    await woken;
    assert.equal((await take(other, 1, "elsewhere")).jobs.length, 1);
  });

  test("[G5] a limit can be raised, lowered and taken away while jobs wait", async (bench) => {
    const { broker, jobs } = bench;
    await broker.register([limited]);
    await broker.enqueue(jobs.makeMany(10, limited));
    const running = [...(await take(broker, 10)).jobs];
    await broker.register([testTask("limited", { maxConcurrency: 4, maxRetries: 3 })]);
    running.push(...(await take(broker, 10)).jobs);
    assert.equal(running.length, 4);
    await broker.register([testTask("limited", { maxConcurrency: 1, maxRetries: 3 })]);
    for (const stored of running.splice(0, 3)) {
      assert.equal((await exchange(broker, [outcome("succeeded", stored)], 10)).jobs.length, 0);
    }
    await broker.register([testTask("limited", { maxRetries: 3 })]);
    assert.equal((await take(broker, 10)).jobs.length, 6);
  });

  test("[G5] no more are taken than asked for, of jobs that waited for a place too", async (bench) => {
    const { broker, jobs } = bench;
    await broker.register([limited]);
    const made = jobs.makeMany(10, limited);
    await broker.enqueue(made);
    assert.deepEqual(ids((await take(broker, 10)).jobs), ids(made.slice(0, 2)));
    await broker.register([testTask("limited", { maxConcurrency: 8, maxRetries: 3 })]);
    assert.deepEqual(ids((await take(broker, 3)).jobs), ids(made.slice(2, 5)));
    await broker.register([testTask("limited", { maxRetries: 3 })]);
    assert.deepEqual(ids((await take(broker, 4)).jobs), ids(made.slice(5, 9)));
  });

  test("[G5] a limit stated while jobs run counts them", async (bench) => {
    const { broker, other, jobs } = bench;
    await broker.enqueue(jobs.makeMany(5, limited));
    await take(broker, 3);
    await other.register([limited]);
    assert.equal((await take(other, 10)).jobs.length, 0);
  });

  test("[G5] [G8] a broker that was given up registers nothing, finds it out, and registers anew", async (bench) => {
    const { broker, other, jobs } = bench;
    await other.rescue(broker.id);
    await findOut(broker, () => broker.register([limited]));
    await broker.enqueue(jobs.makeMany(5, limited));
    assert.equal((await take(other, 3)).jobs.length, 3, "nothing is registered");
    await broker.register([limited]);
    assert.equal((await take(broker, 5)).jobs.length, 0);
  });

  test("[G5] limits are gone after a flush(), which register() finds out", async (bench) => {
    const { broker, other, jobs } = bench;
    await broker.register([limited]);
    await other.flush();
    await findOut(broker, () => broker.register([limited]));
    await broker.register([limited]);
    await broker.enqueue(jobs.makeMany(5, limited));
    assert.equal((await take(broker, 5)).jobs.length, 2);
  });

  test("[G5] an outcome that stands twice in one request frees one place", async (bench) => {
    const { broker, jobs } = bench;
    await broker.register([limited]);
    await broker.enqueue(jobs.makeMany(6, limited));
    const [one] = (await take(broker, 10)).jobs;
    for (const kind of ["succeeded", "released"] as const) {
      const told = outcome(kind, kind === "succeeded" ? one : (await take(broker, 1)).jobs[0]);
      await settle(broker, [told, told]);
    }
    assert.equal((await take(broker, 10)).jobs.length, 1);
  });

  test("[G5] a limit that is raised wakes who found nothing to take", async (bench) => {
    const { broker, other, jobs } = bench;
    await broker.register([limited]);
    await broker.enqueue(jobs.makeMany(3, limited));
    await take(broker, 10);
    await take(other, 1);
    const woken = nextWakeUp(other, QUEUE);
    await broker.register([testTask("limited", { maxConcurrency: 3, maxRetries: 3 })]);
    await woken;
    assert.equal((await take(other, 1)).jobs.length, 1);
  });

  test("[G5] a limit works without retries", async (bench) => {
    const { broker, jobs } = bench;
    const single = testTask("single", { maxConcurrency: 1 });
    await broker.register([single]);
    await broker.enqueue(jobs.makeMany(2, single));
    const { jobs: taken } = await take(broker, 10);
    assert.equal(taken.length, 1);
    assert.equal((await exchange(broker, [outcome("failed", taken[0])], 10)).jobs.length, 1);
  });
}
