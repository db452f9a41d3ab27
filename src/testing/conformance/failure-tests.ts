import assert from "node:assert/strict";

import {
  type BenchTest,
  findOut,
  QUEUE,
  plain,
  retried,
  elsewhere,
  take,
  settle,
  outcome,
  later,
  ids,
} from "./broker-bench.ts";

/** Dead brokers and lost replies. */
export function failureTests(test: BenchTest): void {
  test("[G1] rescue() re-enqueues what may run again, and fails the rest", async (bench) => {
    const { broker, other, jobs } = bench;
    const once = jobs.make(plain);
    await broker.enqueue([once, jobs.make(retried, ["kept"])]);
    await take(broker, 10);
    const reply = await other.rescue(broker.id);
    assert.deepEqual(reply, { reenqueued: 1, failed: [{ id: once.job.id, taskName: "plain" }] });
    const { jobs: taken } = await take(other, 10);
    assert.deepEqual(
      taken.map(({ job }) => [job.taskName, job.retries, job.args]),
      [["retried", 1, ["kept"]]],
    );
    assert.deepEqual(await other.rescue(broker.id), { reenqueued: 0, failed: [] });
  });

  test("[G1] a death is a failed attempt: a job that kills its workers does so 1 + maxRetries times", async (bench) => {
    const { broker, other, jobs } = bench;
    await broker.enqueue([jobs.make(retried)]);
    let starts = 0;
    while (starts < 10 && (await take(broker, 1)).jobs.length > 0) {
      starts += 1;
      await other.rescue(broker.id);
      await findOut(broker);
    }
    assert.equal(starts, 4);
  });

  test("[G8] a broker that was rescued settles nothing any more", async (bench) => {
    const { broker, other, cluster, jobs } = bench;
    await broker.enqueue([jobs.make(retried), jobs.make(retried)]);
    const [one, two] = (await take(broker, 2)).jobs;
    await other.rescue(broker.id);
    const told = [outcome("retried", later(one, cluster.now())), outcome("released", two)];
    await assert.rejects(settle(broker, told));
    await settle(broker, told);
    assert.equal((await take(other, 10)).jobs.length, 2);
  });

  test("[G4] reconcile() gives what the broker holds and the process does not know", async (bench) => {
    const { broker, other, jobs } = bench;
    const made = [...jobs.makeMany(4, plain), jobs.make(elsewhere)];
    await broker.enqueue(made);
    await take(broker, 4);
    await take(broker, 1, "elsewhere");
    const known = new Set(ids(made.slice(0, 2)));
    const lost = await broker.reconcile({ queues: [QUEUE], known });
    assert.deepEqual(ids(lost).toSorted(), ids(made.slice(2, 4)));
    assert.deepEqual(await other.reconcile({ queues: [QUEUE], known: new Set() }), []);
  });

  test("[G9] reconcile() gives jobs that were made in one ms in the order of their queue", async (bench) => {
    const { broker, jobs } = bench;
    const made = jobs.makeMany(200, plain);
    await broker.enqueue(made);
    await take(broker, 200);
    const lost = await broker.reconcile({ queues: [QUEUE], known: new Set() });
    assert.deepEqual(ids(lost), ids(made));
  });
}
