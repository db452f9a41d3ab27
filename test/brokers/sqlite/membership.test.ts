/** A broker that becomes another one, or stops, while its own calls are under way. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { setImmediate } from "node:timers/promises";

import type { ExchangeReply } from "../../../src/brokers/broker.ts";
import { SqliteBroker } from "../../../src/brokers/sqlite/sqlite-broker.ts";
import { BrokerError } from "../../../src/core/errors.ts";
import type { StoredJob } from "../../../src/core/job.ts";
import { systemRuntime } from "../../../src/platform/runtime.ts";
import { JobMaker, testTask } from "../../../src/testing/conformance/test-cluster.ts";
import { FakeRuntime } from "../../../src/testing/fake-runtime.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const folder = temporaryFolder();
after(() => {
  folder.remove();
});

const retried = testTask("retried", { maxRetries: 3 });

/** Two arbiters of a broker that has lost its lease; the second's call comes some turns of promises later. */
async function afterLostLease(turns: number): Promise<{ taken: number; rescued: number }> {
  const path = folder.file(`lost-${turns}.db`);
  const runtime = new FakeRuntime();
  const [broker, other] = [SqliteBroker.alone(path), SqliteBroker.alone(path)];
  for (const one of [broker, other]) {
    one.bind({ namespace: "test", runtime });
    await one.start();
    await one.register([]);
  }
  const jobs = new JobMaker(runtime.clock);
  await broker.enqueue(jobs.makeMany(2, retried));
  const { jobs: held } = await broker.exchange({ outcomes: [], queues: ["spinach"], max: 1 });
  await other.rescue(broker.id);
  // Whoever has something to say joins again as soon as it hears of it.
  let joined: Promise<void> | undefined;
  broker.onLeaseLost(() => {
    joined ??= broker.register([]);
  });
  const outcomes = held.map((stored) => ({ kind: "succeeded", stored }) as const);
  const later = async (): Promise<ExchangeReply> => {
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    return broker.exchange({ outcomes: [], queues: ["spinach"], max: 10 });
  };
  const calls = await Promise.allSettled([
    broker.exchange({ outcomes, queues: ["spinach"], max: 0 }),
    later(),
  ]);
  await joined;
  const taken = calls.flatMap((call) => (call.status === "fulfilled" ? call.value.jobs : []));
  const { reenqueued } = await other.rescue(broker.id);
  await broker.stop();
  await other.stop();
  return { taken: taken.length, rescued: reenqueued };
}

test("[G8] a call that began before the lease was lost takes no jobs for who is not there any more", async () => {
  for (let turns = 0; turns < 30; turns += 1) {
    const { taken, rescued } = await afterLostLease(turns);
    assert.equal(rescued, taken, `after ${turns} turns`);
  }
});

test("[G12] a broker that was stopped while it joined can start again, and shows that it lives", async () => {
  const path = folder.file("stopped.db");
  const broker = new SqliteBroker(path, { lease: 1000 });
  broker.bind({ namespace: "test", runtime: systemRuntime() });
  await broker.start();
  const joining = broker.register([]);
  const refused = assert.rejects(joining, BrokerError);
  await broker.stop();
  await refused;
  const db = new DatabaseSync(path);
  assert.deepEqual(db.prepare("SELECT uuid FROM spinach_brokers").all(), []);
  await broker.start();
  await broker.register([]);
  assert.equal(db.prepare("SELECT uuid FROM spinach_brokers").all().length, 1);
  db.close();
  await broker.stop();
});

test("[G8] a broker that starts while it stops is one of the cluster", async () => {
  const broker = new SqliteBroker(folder.file("again.db"));
  broker.bind({ namespace: "test", runtime: systemRuntime() });
  let lost = 0;
  broker.onLeaseLost(() => {
    lost += 1;
  });
  await broker.start();
  await broker.register([]);
  const stopping = broker.stop();
  await broker.start();
  await broker.register([]);
  await stopping;
  const ended = await Promise.allSettled([
    broker.exchange({ outcomes: [], queues: ["spinach"], max: 1 }),
  ]);
  await broker.stop();
  assert.deepEqual([ended[0].status, lost], ["fulfilled", 0]);
});

test("[G6] many bytes of a dead broker are taken over in several transactions, and it is fenced from the first on", async () => {
  const path = folder.file("large.db");
  const runtime = systemRuntime();
  const [broker, other] = [SqliteBroker.alone(path), SqliteBroker.alone(path)];
  for (const one of [broker, other]) {
    one.bind({ namespace: "test", runtime });
    await one.start();
    await one.register([]);
  }
  const jobs = new JobMaker(runtime.clock);
  const text = "x".repeat(6 * 1024 * 1024);
  for (let job = 0; job < 6; job += 1) await broker.enqueue([jobs.make(retried, [text])]);
  // Of so large ones a fetch brings one.
  const fetchAll = async (from: SqliteBroker): Promise<readonly StoredJob[]> => {
    const fetched: StoredJob[] = [];
    for (let more = true; more;) {
      const reply = await from.exchange({ outcomes: [], queues: ["spinach"], max: 9 });
      fetched.push(...reply.jobs);
      ({ more } = reply);
    }
    return fetched;
  };
  const held = await fetchAll(broker);
  assert.equal(held.length, 6);
  const looker = new DatabaseSync(path);
  const left = looker.prepare("SELECT count(*) AS held FROM spinach_running");
  const brokers = looker.prepare("SELECT count(*) AS alive FROM spinach_brokers WHERE uuid = ?");
  const seen = new Set<unknown>();
  let isOver = false;
  const rescuing = other.rescue(broker.id).finally(() => {
    isOver = true;
  });
  while (!isOver) {
    const count = left.get()?.["held"];
    seen.add(count);
    if (count !== 6) assert.equal(brokers.get(broker.id)?.["alive"], 0);
    await setImmediate();
  }
  assert.deepEqual(await rescuing, { reenqueued: 6, failed: [] });
  assert.deepEqual(
    [...seen].filter((count) => count !== 0),
    [6, 4, 2],
  );
  const again = await fetchAll(other);
  assert.deepEqual(
    again.map(({ job }) => [job.id, job.retries]),
    held.map(({ job }) => [job.id, 1]),
  );
  looker.close();
  await broker.stop();
  await other.stop();
});
