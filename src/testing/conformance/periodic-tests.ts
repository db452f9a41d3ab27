import assert from "node:assert/strict";

import { type BenchTest, plain, take } from "./broker-bench.ts";
import { testTask } from "./test-cluster.ts";

/** Periodic tasks. */
export function periodicTests(test: BenchTest): void {
  const every40 = testTask("every40", { periodicity: 40, maxRetries: 2, queue: "periodic" });

  test("[G10] a periodic task makes one job a period, whoever and however many tick", async (bench) => {
    const { broker, other, cluster } = bench;
    const start = cluster.now();
    await broker.register([every40]);
    await other.register([every40]);
    let made = 0;
    while (made < 4) {
      await Promise.all([broker.tick(), other.tick()]);
      made += (await take(broker, 10, "periodic")).jobs.length;
      assert.ok(made <= (cluster.now() - start) / 40, `${made} jobs is too many`);
      await cluster.pass(7);
    }
  });

  test("[G10] its job has the task's queue and retries, and no arguments", async (bench) => {
    const { broker, cluster } = bench;
    await broker.register([every40]);
    await cluster.pass(45);
    await broker.tick();
    const [taken] = (await take(broker, 1, "periodic")).jobs;
    assert.deepEqual(
      [taken?.job.taskName, taken?.job.maxRetries, taken?.job.args, taken?.job.kwargs],
      ["every40", 2, [], {}],
    );
  });

  test("[G9] due future jobs come before the jobs of periodic tasks", async (bench) => {
    const { broker, cluster, jobs } = bench;
    await broker.register([every40]);
    const future = jobs.make(testTask("future", { queue: "periodic" }), [], cluster.now() + 30);
    await broker.enqueue([future]);
    await cluster.pass(60);
    await broker.tick();
    const taken = (await take(broker, 2, "periodic")).jobs.map(({ job }) => job.taskName);
    assert.deepEqual(taken, ["future", "every40"]);
  });

  test("[G10] no storm after an outage: missed periods make one job", async (bench) => {
    const { broker, cluster } = bench;
    await broker.register([every40]);
    await cluster.pass(230);
    const startedMs = cluster.now();
    await broker.tick();
    await broker.tick();
    // In real time another period may begin between the two.
    const most = 1 + Math.ceil((cluster.now() - startedMs) / 40);
    const { length } = (await take(broker, 10, "periodic")).jobs;
    assert.ok(length >= 1 && length <= Math.min(most, 2), `${length} jobs`);
  });

  test("[G10] registering it again keeps its rhythm", async (bench) => {
    const { broker, other, cluster } = bench;
    await broker.register([every40]);
    await cluster.pass(30);
    await other.register([every40]);
    await cluster.pass(15);
    await other.tick();
    assert.equal((await take(other, 10, "periodic")).jobs.length, 1);
  });

  test("[G10] a clock that is set back by a day silences nothing", async (bench) => {
    const { broker, cluster } = bench;
    if (cluster.jump === undefined) return;
    await broker.register([every40]);
    cluster.jump(-86_400_000);
    await broker.tick();
    await cluster.pass(45);
    await broker.tick();
    assert.equal((await take(broker, 10, "periodic")).jobs.length, 1);
  });

  test("[G10] a process that does not know a task never deletes it", async (bench) => {
    const { broker, other, cluster } = bench;
    await broker.register([every40]);
    await other.register([plain]);
    await other.register([{ ...every40, fn: undefined, periodicityMs: undefined }]);
    await cluster.pass(45);
    await other.tick();
    assert.equal((await take(other, 10, "periodic")).jobs.length, 1);
  });

  test("[G10] a task that is periodic no more stops", async (bench) => {
    const { broker, cluster } = bench;
    await broker.register([every40]);
    await broker.register([testTask("every40", { queue: "periodic" })]);
    await cluster.pass(90);
    const { nextDueMs } = await broker.tick();
    assert.equal(nextDueMs, undefined);
    assert.equal((await take(broker, 10, "periodic")).jobs.length, 0);
  });
}
