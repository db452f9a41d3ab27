import assert from "node:assert/strict";

import { type BenchTest, QUEUE, plain, take, ids } from "./broker-bench.ts";

/** Jobs that wait for their time. */
export function futureTests(test: BenchTest): void {
  test("[G9] a future job is ready at its millisecond, never early", async (bench) => {
    const { broker, cluster, jobs } = bench;
    const atMs = cluster.now() + 60;
    await broker.enqueue([jobs.make(plain, [], atMs)]);
    const isReady = async (): Promise<boolean> => {
      await broker.tick();
      return (await take(broker, 1)).jobs.length > 0;
    };
    while (!(await isReady())) {
      assert.ok(cluster.now() < atMs + 1000, `late: it was due ${cluster.now() - atMs} ms ago`);
      await cluster.pass(1);
    }
    assert.ok(cluster.now() >= atMs, `early: it was due in ${atMs - cluster.now()} ms`);
  });

  test("[G9] a job with a delay is ready once that has passed since the broker has it", async (bench) => {
    const { broker, cluster, jobs } = bench;
    const stored = { ...jobs.make(plain, [], cluster.now() + 60), delayMs: 60 };
    const beforeMs = cluster.now();
    await broker.enqueue([stored, jobs.make(plain, [], beforeMs + 86_400_000)]);
    const afterMs = cluster.now();
    const first = async (): Promise<string | undefined> => {
      await broker.tick();
      return (await take(broker, 2)).jobs[0]?.job.id;
    };
    let found = await first();
    while (found === undefined) {
      assert.ok(cluster.now() < afterMs + 1060, "it is late");
      await cluster.pass(1);
      found = await first();
    }
    assert.equal(found, stored.job.id);
    assert.ok(cluster.now() >= beforeMs + 60, `early: ${cluster.now() - beforeMs} ms`);
  });

  test("[G9] future jobs come in the order of their time", async (bench) => {
    const { broker, cluster, jobs } = bench;
    const base = cluster.now() + 10;
    const made = [4, 1, 3, 2].map((offset) => jobs.make(plain, [], base + offset));
    await broker.enqueue(made);
    await cluster.pass(20);
    await broker.tick();
    const order = [1, 3, 2, 0].map((index) => made[index]?.job.id);
    assert.deepEqual(ids((await take(broker, 10)).jobs), order);
  });

  test("[G9] any number of jobs due at once is moved, in bounded steps", async (bench) => {
    const { broker, cluster, jobs } = bench;
    const atMs = cluster.now() + 1000;
    const made = Array.from({ length: 2500 }, () => jobs.make(plain, [], atMs));
    await broker.enqueue(made);
    await cluster.pass(1020);
    let ticks = 0;
    while (ticks < 10 && (await broker.tick()).nextDueMs === 0) ticks += 1;
    assert.equal(ticks, 2, "1,000 a tick: two are not enough, the third ends it");
    const taken: string[] = [];
    for (let more = true; more;) {
      const reply = await take(broker, 256);
      taken.push(...ids(reply.jobs));
      ({ more } = reply);
    }
    assert.deepEqual(taken.toSorted(), ids(made));
  });

  test("exchange() tells when the next job is due", async (bench) => {
    const { broker, cluster, jobs } = bench;
    assert.equal((await take(broker, 1)).nextDueMs, undefined);
    await broker.enqueue([
      jobs.make(plain, [], cluster.now() + 60_000),
      jobs.make(plain, [], cluster.now() + 30_000),
    ]);
    const { nextDueMs } = await take(broker, 1);
    assert.ok(nextDueMs !== undefined && nextDueMs > 25_000 && nextDueMs <= 30_000);
  });

  test("a date that has passed means now", async (bench) => {
    const { broker, cluster, jobs } = bench;
    await broker.enqueue([jobs.make(plain, [], cluster.now() - 1000)]);
    assert.equal((await take(broker, 1)).jobs.length, 1);
  });

  test("isQueueEmpty() does not count future jobs", async (bench) => {
    const { broker, cluster, jobs } = bench;
    await broker.enqueue([jobs.make(plain, [], cluster.now() + 60_000)]);
    assert.equal(await broker.isQueueEmpty(QUEUE), true);
  });
}
