import assert from "node:assert/strict";

import {
  type BenchTest,
  plain,
  retried,
  take,
  settle,
  outcome,
  later,
  ids,
} from "./broker-bench.ts";
import { testTask } from "./test-cluster.ts";

/** What becomes of a job that was taken. */
export function settleTests(test: BenchTest): void {
  test("[G1] a job that succeeded or failed never comes back", async (bench) => {
    const { broker, other, jobs } = bench;
    await broker.enqueue([jobs.make(retried), jobs.make(retried)]);
    const [first, second] = (await take(broker, 2)).jobs;
    await settle(broker, [outcome("succeeded", first), outcome("failed", second)]);
    assert.equal((await take(other, 10)).jobs.length, 0);
    assert.deepEqual(await other.rescue(broker.id), { reenqueued: 0, failed: [] });
  });

  test("[G1] a retried job comes back when it is due, with its arguments byte for byte", async (bench) => {
    const { broker, other, cluster, jobs } = bench;
    await broker.enqueue([jobs.make(retried, [[], 0.5])]);
    const [taken] = (await take(broker, 1)).jobs;
    const next = later(taken, cluster.now() + 40);
    await settle(broker, [outcome("retried", next)]);
    await broker.tick();
    assert.equal((await take(other, 1)).jobs.length, 0);
    await cluster.pass(50);
    await other.tick();
    const [again] = (await take(other, 1)).jobs;
    assert.equal(again?.wire, next.wire);
    assert.equal(again.job.retries, 1);
  });

  test("a job retried at once is ready at once", async (bench) => {
    const { broker, cluster, jobs } = bench;
    await broker.enqueue([jobs.make(retried)]);
    const [taken] = (await take(broker, 1)).jobs;
    await settle(broker, [outcome("retried", later(taken, cluster.now()))]);
    assert.equal((await take(broker, 1)).jobs.length, 1);
  });

  test("[G9] released jobs go back to the head of the queue, in their order", async (bench) => {
    const { broker, other, jobs } = bench;
    const made = jobs.makeMany(6, plain);
    await broker.enqueue(made);
    const { jobs: taken } = await take(broker, 4);
    await settle(
      broker,
      taken.map((stored) => outcome("released", stored)),
    );
    assert.deepEqual(ids((await take(other, 10)).jobs), ids(made));
  });

  test("[G11] a released job was no attempt: it comes back as it was", async (bench) => {
    const { broker, jobs } = bench;
    const made = jobs.make(plain);
    await broker.enqueue([made]);
    const [taken] = (await take(broker, 1)).jobs;
    await settle(broker, [outcome("released", taken)]);
    assert.equal((await take(broker, 1)).jobs[0]?.wire, made.wire);
  });

  test("[G3] a released job comes back as it was scheduled, whatever its task did to it", async (bench) => {
    const { broker, jobs } = bench;
    const limited = testTask("limited", { maxConcurrency: 1 });
    await broker.register([limited]);
    for (const task of [plain, limited]) {
      await broker.enqueue([jobs.make(task, [[1]])]);
      const [taken] = (await take(broker, 1)).jobs;
      const list: unknown = taken?.job.args[0];
      assert.ok(Array.isArray(list));
      list.push("changed");
      await settle(broker, [outcome("released", taken)]);
      const [again] = (await take(broker, 1)).jobs;
      assert.deepEqual(again?.job.args, [[1]]);
    }
  });

  test("an outcome told twice settles once", async (bench) => {
    const { broker, cluster, jobs } = bench;
    await broker.enqueue([jobs.make(retried)]);
    const [taken] = (await take(broker, 1)).jobs;
    const told = [outcome("retried", later(taken, cluster.now()))];
    await settle(broker, told);
    await settle(broker, told);
    assert.equal((await take(broker, 10)).jobs.length, 1);
  });

  test("[G8] only who holds a job settles it", async (bench) => {
    const { broker, other, cluster, jobs } = bench;
    await broker.enqueue([jobs.make(retried)]);
    const [taken] = (await take(broker, 1)).jobs;
    await settle(other, [outcome("retried", later(taken, cluster.now()))]);
    await settle(other, [outcome("released", taken)]);
    assert.equal((await take(other, 10)).jobs.length, 0);
    assert.deepEqual(await other.rescue(broker.id), { reenqueued: 1, failed: [] });
  });
}
