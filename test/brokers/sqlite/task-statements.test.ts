import assert from "node:assert/strict";
import { after, test } from "node:test";

import { SqliteBroker } from "../../../src/brokers/sqlite/sqlite-broker.ts";
import { testTask } from "../../../src/testing/conformance/test-cluster.ts";
import { FakeRuntime } from "../../../src/testing/fake-runtime.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const folder = temporaryFolder();
after(() => {
  folder.remove();
});

test("[G10] a task that no process states any more is forgotten in the end, however long it slept before", async () => {
  const runtime = new FakeRuntime();
  const broker = SqliteBroker.alone(folder.file("jobs.db"));
  broker.bind({ namespace: "test", runtime });
  await broker.start();
  await broker.register([testTask("removed", { periodicity: 1000 })]);
  await runtime.advance(30 * 86_400_000);
  await broker.register([]);
  assert.equal((await broker.tick()).nextDueMs, 1000);
  for (let count = 0; count < 1000; count += 1) await broker.register([]);
  assert.equal((await broker.tick()).nextDueMs, undefined);
  await broker.stop();
});

test("[G10] a task that one of very many processes states is not forgotten between its statements", async () => {
  const runtime = new FakeRuntime();
  const broker = SqliteBroker.alone(folder.file("many.db"));
  broker.bind({ namespace: "test", runtime });
  await broker.start();
  for (let statements = 0; statements < 3; statements += 1) {
    await broker.register([testTask("stated", { periodicity: 1000 })]);
    for (let others = 0; others < 500; others += 1) await broker.register([]);
    assert.equal((await broker.tick()).nextDueMs, 1000);
  }
  await broker.stop();
});
