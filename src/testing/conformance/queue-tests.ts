import assert from "node:assert/strict";

import { JobStatus } from "../../core/job-status.ts";
import { type BenchTest, QUEUE, plain, elsewhere, take, ids } from "./broker-bench.ts";

const MANY = 10_000;

/** From enqueue to exchange. */
export function queueTests(test: BenchTest): void {
  test("[G9] exchange() gives jobs in the order they were enqueued", async (bench) => {
    const { broker, other, jobs } = bench;
    const made = jobs.makeMany(100, plain);
    await broker.enqueue(made.slice(0, 50));
    await other.enqueue(made.slice(50));
    assert.deepEqual(ids((await take(broker, 60)).jobs), ids(made.slice(0, 60)));
    assert.deepEqual(ids((await take(other, 60)).jobs), ids(made.slice(60)));
  });

  test("[G3] exchange() gives the text that was enqueued, byte for byte", async (bench) => {
    const { broker, jobs } = bench;
    const stored = jobs.make(plain, [[], {}, 0.1234567890123456, "naïve ☃ \u{1F600} \0", [[], {}]]);
    const wire = stored.wire.replace('"task_args":[', '"task_args":[123456789012345678, -0.0,');
    await broker.enqueue([{ job: stored.job, wire }]);
    const [taken] = (await take(broker, 1)).jobs;
    assert.equal(taken?.wire, wire);
    assert.deepEqual(taken.job.args.slice(2), stored.job.args);
  });

  test("exchange() gives copies: what one side does to arguments, the other does not see", async (bench) => {
    const { broker, jobs } = bench;
    const list = [1];
    await broker.enqueue([jobs.make(plain, [list])]);
    list.push(2);
    assert.deepEqual((await take(broker, 1)).jobs[0]?.job.args, [[1]]);
  });

  test("exchange() gives at most what was asked for, and says whether there may be more", async (bench) => {
    const { broker, jobs } = bench;
    await broker.enqueue(jobs.makeMany(5, plain));
    const first = await take(broker, 3);
    assert.equal(first.jobs.length, 3);
    assert.equal(first.more, true);
    const second = await take(broker, 3);
    assert.equal(second.jobs.length, 2);
    assert.equal(second.more, false);
    assert.equal((await take(broker, 0)).jobs.length, 0);
  });

  test("exchange() gives jobs of the queues asked for, as running", async (bench) => {
    const { broker, jobs } = bench;
    await broker.enqueue([jobs.make(elsewhere), jobs.make(plain)]);
    const [taken] = (await take(broker, 10)).jobs;
    assert.equal(taken?.job.taskName, "plain");
    assert.equal(taken.job.status, JobStatus.RUNNING);
    assert.equal((await take(broker, 10, "elsewhere")).jobs.length, 1);
  });

  test("exchange() gives each of many jobs to one of two brokers, once", async (bench) => {
    const { broker, other, jobs } = bench;
    const made = jobs.makeMany(MANY, plain);
    await broker.enqueue(made);
    const taken: string[] = [];
    for (let reply = await take(broker, 256); ; reply = await take(other, 256)) {
      assert.equal(reply.count, reply.jobs.length);
      taken.push(...ids(reply.jobs), ...ids((await take(broker, 256)).jobs));
      if (!reply.more) break;
    }
    assert.deepEqual(taken.toSorted(), ids(made));
  });

  test("isQueueEmpty() knows the ready jobs of its queue alone", async (bench) => {
    const { broker, other, jobs } = bench;
    assert.equal(await broker.isQueueEmpty(QUEUE), true);
    await broker.enqueue([jobs.make(plain)]);
    assert.equal(await other.isQueueEmpty(QUEUE), false);
    assert.equal(await other.isQueueEmpty("elsewhere"), true);
    await take(other, 1);
    assert.equal(await broker.isQueueEmpty(QUEUE), true);
  });
}
