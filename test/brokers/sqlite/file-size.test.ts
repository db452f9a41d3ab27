import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { after, test } from "node:test";

import { openDatabase, shortenLog } from "../../../src/brokers/sqlite/database-file.ts";
import { SqliteBroker } from "../../../src/brokers/sqlite/sqlite-broker.ts";
import type { StoredJob } from "../../../src/core/job.ts";
import { JobMaker, testTask } from "../../../src/testing/conformance/test-cluster.ts";
import { FakeRuntime } from "../../../src/testing/fake-runtime.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const JOBS = 500;
const WARM_UP = 50;
const ROUNDS = 300;

/** The log is brought to the file at 16 MiB; a commit of the size of a round may come on top. */
const MOST_LOG_BYTES = 20 * 1024 * 1024;

const folder = temporaryFolder();
after(() => {
  folder.remove();
});

test("the file and its log do not grow with the number of jobs that went through", async () => {
  const path = folder.file("jobs.db");
  const runtime = new FakeRuntime();
  const broker = SqliteBroker.alone(path);
  broker.bind({ namespace: "test", runtime });
  await broker.start();
  const jobs = new JobMaker(runtime.clock);
  const plain = testTask("plain");
  let held: readonly StoredJob[] = [];
  const round = async (): Promise<void> => {
    await broker.enqueue(jobs.makeMany(JOBS, plain));
    const outcomes = held.map((stored) => ({ kind: "succeeded", stored }) as const);
    held = (await broker.exchange({ outcomes, queues: ["spinach"], max: JOBS })).jobs;
    assert.equal(held.length, JOBS);
  };
  let mostLogBytes = 0;
  for (let count = 0; count < WARM_UP; count += 1) await round();
  for (let count = 0; count < ROUNDS; count += 1) {
    await round();
    mostLogBytes = Math.max(mostLogBytes, statSync(`${path}-wal`).size);
  }
  // Two rounds at most are in it at once: one that waits, one that runs.
  const bytesPerJob = statSync(path).size / (2 * JOBS);
  await broker.stop();
  assert.ok(mostLogBytes < MOST_LOG_BYTES, `the log grew to ${mostLogBytes} bytes`);
  assert.ok(bytesPerJob < 1500, `the file has ${bytesPerJob} bytes a job`);
});

test("a log that a reader needs holds no writer up, and is shortened once the reader has gone", async () => {
  const path = folder.file("read.db");
  const patience = { runtime: new FakeRuntime(), timeoutMs: 1000 };
  const sql = await openDatabase({ path, synchronous: "NORMAL", patience });
  sql.exec("CREATE TABLE mine (id INTEGER PRIMARY KEY, text TEXT)");
  const reader = await openDatabase({ path, synchronous: "NORMAL", patience });
  reader.exec("BEGIN");
  reader.get("SELECT count(*) FROM mine");
  const text = "x".repeat(1_000_000);
  for (let id = 1; id <= 20; id += 1) sql.run("INSERT INTO mine VALUES (?, ?)", id, text);
  const before = statSync(`${path}-wal`).size;
  assert.ok(before > 20e6);
  assert.equal(shortenLog(sql, path, 1e9).state, "short");
  assert.deepEqual(shortenLog(sql, path, 1e6), { state: "needed", size: before });
  assert.equal(statSync(`${path}-wal`).size, before);
  reader.exec("COMMIT");
  assert.equal(shortenLog(sql, path, 1e6).state, "emptied");
  assert.equal(statSync(`${path}-wal`).size, 0);
  for (const each of [reader, sql]) each.close();
});
