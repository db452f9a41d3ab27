import assert from "node:assert/strict";

import type { Broker } from "../../brokers/broker.ts";
import { type BenchTest, findOut, plain, take } from "./broker-bench.ts";
import { testTask } from "./test-cluster.ts";

const SLOW_MS = 600_000;
const FAST_MS = 60_000;

/** One task as two deploys define it, which are alive at the same time. */
export function definitionTests(test: BenchTest): void {
  const slow = testTask("beat", { periodicity: SLOW_MS, maxConcurrency: 2 });
  const fast = testTask("beat", { periodicity: FAST_MS, maxConcurrency: 4 });
  const neither = testTask("beat");

  test("[G10] of two definitions alive that of the process counts that joined last", async (bench) => {
    const { broker, other } = bench;
    await broker.register([slow]);
    await other.register([fast]);
    await broker.register([slow]);
    assert.equal(await periodOf(broker), FAST_MS);
  });

  test("[G10] what a process joined last with no period has none, though others register one", async (bench) => {
    const { broker, other } = bench;
    await broker.register([plain]);
    await other.register([neither]);
    await broker.register([slow]);
    assert.equal(await periodOf(broker), undefined);
  });

  test("[G5] of two limits alive that of the process counts that joined last", async (bench) => {
    const { broker, other, jobs } = bench;
    await broker.register([slow]);
    await other.register([fast]);
    await broker.register([slow]);
    await broker.enqueue(jobs.makeMany(6, fast));
    assert.equal((await take(broker, 10)).jobs.length, 4);
  });

  test("[G5] [G10] a definition that was taken away by a later process stays away, its jobs come", async (bench) => {
    const { broker, other, jobs } = bench;
    await broker.register([slow]);
    await broker.enqueue(jobs.makeMany(6, slow));
    assert.equal((await take(broker, 10)).jobs.length, 2);
    await other.register([neither]);
    await broker.register([slow]);
    assert.equal((await take(broker, 10)).jobs.length, 4);
    assert.equal(await periodOf(broker), undefined);
  });

  test("[G10] a definition whose process has left gives way to the next registration", async (bench) => {
    const { broker, other } = bench;
    await broker.register([slow]);
    await other.register([fast]);
    await other.stop();
    await broker.register([slow]);
    assert.equal(await periodOf(broker), SLOW_MS);
    await other.start();
    await other.register([fast]);
    assert.equal(await periodOf(broker), FAST_MS, "it joined last, and is back");
  });

  test("[G8] [G10] a definition whose process died gives way, and comes back with a process that lives on", async (bench) => {
    const { broker, other } = bench;
    await broker.register([slow]);
    await other.register([fast]);
    await broker.rescue(other.id);
    await broker.register([slow]);
    assert.equal(await periodOf(broker), SLOW_MS);
    await findOut(other, () => other.register([fast]));
    await other.register([fast]);
    await broker.register([slow]);
    assert.equal(await periodOf(broker), FAST_MS);
  });

  test("[G10] who joined last counts after everything was lost, and who joins then counts more", async (bench) => {
    const { broker, other, cluster } = bench;
    await broker.register([slow]);
    await other.register([fast]);
    await other.flush();
    for (const each of [broker, other]) await findOut(each, () => each.register([fast]));
    await other.register([fast]);
    await broker.register([slow]);
    assert.equal(await periodOf(broker), FAST_MS);
    await other.flush();
    const newest = await cluster.broker();
    await newest.register([testTask("beat", { periodicity: 2 * FAST_MS })]);
    await findOut(other, () => other.register([fast]));
    await other.register([fast]);
    assert.equal(await periodOf(newest), 2 * FAST_MS);
  });

  test("[G10] a process that changes its own definition is heard", async (bench) => {
    const { broker } = bench;
    await broker.register([slow]);
    await broker.register([fast]);
    assert.equal(await periodOf(broker), FAST_MS);
    await broker.register([slow]);
    assert.equal(await periodOf(broker), SLOW_MS);
  });
}

/** Of the only task that has one: it was registered a moment ago, which no test takes half of a period for. */
async function periodOf(broker: Broker): Promise<number | undefined> {
  const { nextDueMs } = await broker.tick();
  return nextDueMs && Math.ceil(nextDueMs / FAST_MS) * FAST_MS;
}
