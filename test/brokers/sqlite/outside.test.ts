/** The ties of a broker to other processes, and its options, each where it decides. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { OpenFile } from "../../../src/brokers/sqlite/open-file.ts";
import { Outside } from "../../../src/brokers/sqlite/outside.ts";
import {
  checkSqliteBrokerOptions,
  type SqliteBrokerOptions,
} from "../../../src/brokers/sqlite/sqlite-broker-options.ts";
import { SqliteBroker } from "../../../src/brokers/sqlite/sqlite-broker.ts";
import { BrokerError } from "../../../src/core/errors.ts";
import { systemRuntime } from "../../../src/platform/runtime.ts";
import { JobMaker, testTask } from "../../../src/testing/conformance/test-cluster.ts";
import { RecordingLogger } from "../../../src/testing/recording-logger.ts";
import { until, within } from "../../../src/testing/waits.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { startWorkerProcess } from "./worker-process.ts";

const folder = temporaryFolder();
after(() => {
  folder.remove();
});
const plain = testTask("plain");
const once = testTask("once");
const jobs = new JobMaker(Date);

async function startBroker(path: string, options: SqliteBrokerOptions = {}): Promise<SqliteBroker> {
  const broker = new SqliteBroker(path, options);
  broker.bind({
    namespace: "spinach",
    runtime: { ...systemRuntime(), logger: new RecordingLogger() },
  });
  await broker.start();
  return broker;
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
}

describe("a SqliteBroker that stops", () => {
  test("[G15] leaves no timer behind, and hears nothing any more", async () => {
    const path = folder.file("stops.db");
    const before = timers();
    const broker = await startBroker(path);
    const other = await startBroker(path);
    await broker.register([]);
    let heard = 0;
    broker.onWakeUp(() => {
      heard += 1;
    });
    await other.enqueue([jobs.make(plain)]);
    assert.equal(heard, 1);
    await broker.stop();
    await other.enqueue([jobs.make(plain)]);
    assert.equal(heard, 1);
    await other.stop();
    assert.equal(timers(), before);
  });
});

describe("Outside", () => {
  test("[G15] a stop that overtakes a join leaves no timer behind, and the join rejects", async (t) => {
    const before = timers();
    const parts = {
      path: folder.file("overtaken.db"),
      options: checkSqliteBrokerOptions({}),
      namespace: "spinach",
      runtime: { ...systemRuntime(), logger: new RecordingLogger() },
    };
    const file = await OpenFile.open(parts);
    const outside = new Outside({ ...parts, file, onLost: () => undefined });
    t.after(async () => {
      // What was left behind would keep the process.
      await outside.stop();
      file.close();
    });
    await within("the heartbeat thread has loaded", outside.ready());
    // The thread is asked at once, and answers while the stop waits for it to leave.
    const joining = assert.rejects(outside.join("nobody"), /is not started, or stopped/v);
    await within("the stop", outside.stop());
    await joining;
    assert.equal(timers(), before);
  });
});

describe("a SqliteBroker", () => {
  test("[G9] idle processes find a job whose ring was lost within a second or two", async (t) => {
    const path = folder.file("lost-ring.db");
    await using worker = await startWorkerProcess(path, "end");
    const before = await startBroker(path);
    await before.enqueue([jobs.make(once, [0])]);
    const db = new DatabaseSync(path, { readOnly: true });
    const left = db.prepare("SELECT 1 FROM spinach_jobs");
    await until("it has run a job, and stands idle", () => left.get() === undefined);
    db.close();
    await before.stop();
    // Whoever opens the bell from now on rings another one than it listens to.
    rmSync(`${path}-wake`);
    const broker = await startBroker(path);
    t.after(() => broker.stop());
    const startedMs = performance.now();
    await broker.enqueue([jobs.make(once, [1])]);
    await worker.printed(/^end 1$/v);
    const tookMs = performance.now() - startedMs;
    assert.ok(tookMs < 10_000, `it took ${tookMs} ms`);
  });

  test("a commit that is undone leaves nothing that a later one builds on", async (t) => {
    const path = folder.file("undone.db");
    const broker = await startBroker(path);
    t.after(() => broker.stop());
    const other = await startBroker(path);
    t.after(() => other.stop());
    const db = new DatabaseSync(path);
    // A broken constraint would have it look for bad rows, and forget all that it knows of the file.
    db.exec(`CREATE TRIGGER refuses BEFORE INSERT ON spinach_ready BEGIN SELECT json('{'); END`);
    const first = jobs.make(testTask("first", { queue: "undone" }));
    await assert.rejects(broker.enqueue([first]), /malformed JSON/v);
    db.exec("DROP TRIGGER refuses");
    db.close();
    // The number that the queue had for a moment is another one's from now on.
    await other.enqueue([jobs.make(testTask("second", { queue: "other" }))]);
    await broker.enqueue([jobs.make(testTask("third", { queue: "undone" }))]);
    const taken = async (queue: string): Promise<readonly string[]> => {
      const reply = await other.exchange({ outcomes: [], queues: [queue], max: 10 });
      return reply.jobs.map(({ job }) => job.taskName);
    };
    assert.deepEqual(await taken("other"), ["second"]);
    assert.deepEqual(await taken("undone"), ["third"]);
  });

  test("[G5] a job of a limited task that cannot be read frees its place", async (t) => {
    const path = folder.file("unreadable.db");
    const broker = await startBroker(path);
    t.after(() => broker.stop());
    const limited = testTask("limited", { maxConcurrency: 1 });
    await broker.register([limited]);
    await broker.enqueue(jobs.makeMany(2, limited));
    const db = new DatabaseSync(path);
    db.exec("UPDATE spinach_jobs SET wire = '{}' WHERE id = (SELECT min(id) FROM spinach_jobs)");
    db.close();
    const taken: number[] = [];
    for (let trip = 0; trip < 3; trip += 1) {
      const reply = await broker.exchange({ outcomes: [], queues: ["spinach"], max: 10 });
      taken.push(...reply.jobs.map(({ job }) => Number(job.args[0])));
    }
    assert.deepEqual(taken, [1]);
  });

  test("synchronous decides what a commit waits for", async (t) => {
    for (const [synchronous, level] of [
      ["NORMAL", 1],
      ["FULL", 2],
    ] as const) {
      const file = await OpenFile.open({
        path: folder.file("level.db"),
        options: checkSqliteBrokerOptions({ synchronous }),
        namespace: "spinach",
        runtime: systemRuntime(),
      });
      t.after(() => {
        file.close();
      });
      assert.deepEqual(file.space.sql.get("PRAGMA synchronous"), [level]);
    }
  });

  test("callTimeout is how long a call waits for others to let go of the file", async (t) => {
    const path = folder.file("locked.db");
    const broker = await startBroker(path, { callTimeout: 100 });
    t.after(() => broker.stop());
    const db = new DatabaseSync(path);
    db.exec("BEGIN IMMEDIATE");
    const startedMs = performance.now();
    try {
      const rejected = assert.rejects(broker.enqueue([jobs.make(plain)]), BrokerError);
      await within("the call gives up", rejected, 20_000);
    } finally {
      db.exec("ROLLBACK");
      db.close();
    }
    const tookMs = performance.now() - startedMs;
    assert.ok(tookMs >= 100 && tookMs < 4000, `it took ${tookMs} ms`);
  });

  test("lease is how long others wait for it, and three beats come in it", async (t) => {
    const path = folder.file("lease.db");
    const broker = await startBroker(path, { lease: 30_000 });
    t.after(() => broker.stop());
    await broker.register([]);
    await broker.enqueue([jobs.make(plain)]);
    await broker.exchange({ outcomes: [], queues: ["spinach"], max: 1 });
    const db = new DatabaseSync(path, { readOnly: true });
    t.after(() => {
      db.close();
    });
    const row = db.prepare("SELECT lease_ms, beats FROM spinach_brokers");
    const before = row.get();
    assert.equal(before?.["lease_ms"], 30_000);
    // That no beat comes has no signal: with the default there are three in this time.
    await sleep(3500);
    assert.ok(Number(row.get()?.["beats"]) - Number(before["beats"]) <= 1);
  });
});
