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

/** A hundred years. */
const LONGEST_MS = 3_155_760_000_000;

test("the longest period that an option can state harms nobody", async () => {
  const broker = SqliteBroker.alone(folder.file("far.db"));
  broker.bind({ namespace: "test", runtime: new FakeRuntime() });
  await broker.start();
  await broker.register([testTask("never", { periodicity: LONGEST_MS })]);
  await broker.register([testTask("never", { periodicity: LONGEST_MS, queue: "other" })]);
  const { nextDueMs } = await broker.tick();
  assert.ok(nextDueMs !== undefined && nextDueMs > 1e12);
  await broker.exchange({ outcomes: [], queues: ["spinach"], max: 1 });
  await broker.stop();
});
