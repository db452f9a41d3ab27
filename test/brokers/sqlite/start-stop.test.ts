import assert from "node:assert/strict";
import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { after, test } from "node:test";

import { SqliteBroker } from "../../../src/brokers/sqlite/sqlite-broker.ts";
import { BrokerError } from "../../../src/core/errors.ts";
import { FakeRuntime } from "../../../src/testing/fake-runtime.ts";
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
