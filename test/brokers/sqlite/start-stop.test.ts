import assert from "node:assert/strict";
import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";

import { SqliteBroker } from "../../../src/brokers/sqlite/sqlite-broker.ts";
import { BrokerError } from "../../../src/core/errors.ts";
import { JobMaker, testTask } from "../../../src/testing/conformance/test-cluster.ts";
import { FakeRuntime, settled } from "../../../src/testing/fake-runtime.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const folder = temporaryFolder();
after(() => {
  folder.remove();
});

/** How often this process has the file, its log or its bell open, where the system tells. */
function timesOpen(path: string): number {
  const open = "/proc/self/fd";
  if (!existsSync(open)) return 0;
  return readdirSync(open).filter((fd) => {
    try {
      return readlinkSync(`${open}/${fd}`).startsWith(path);
    } catch {
      // The one that this folder was read with.
      return false;
    }
  }).length;
}

test("[G15] stop() while start() is under way leaves nothing open", async () => {
  const path = folder.file("jobs.db");
  const broker = new SqliteBroker(path);
  broker.bind({ namespace: "test", runtime: new FakeRuntime() });
  const starting = broker.start();
  await broker.stop();
  await assert.rejects(starting, BrokerError);
  assert.equal(timesOpen(path), 0);
  await Promise.all([broker.start(), broker.start()]);
  await broker.isQueueEmpty("spinach");
  await broker.stop();
  assert.equal(timesOpen(path), 0);
});

test("[G15] stop() ends at once what waits for the file: a call rejects, and no timer is left", async () => {
  const path = folder.file("waiting.db");
  const runtime = new FakeRuntime();
  const broker = SqliteBroker.alone(path);
  broker.bind({ namespace: "test", runtime });
  await broker.start();
  const jobs = new JobMaker(runtime.clock);
  const other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  const enqueued = assert.rejects(
    broker.enqueue([jobs.make(testTask("plain"))]),
    /not started, or stopped/v,
  );
  while (runtime.pendingTimers === 0) await settled();
  await broker.stop();
  assert.equal(runtime.pendingTimers, 0);
  await enqueued;
  other.exec("ROLLBACK");
  const left = other.prepare("SELECT count(*) AS jobs FROM spinach_jobs").get();
  assert.equal(left?.["jobs"], 0);
  other.close();
});
