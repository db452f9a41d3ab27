/** Real processes on one file, that are killed, stopped, or block their event loop. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { after, describe, test } from "node:test";

import { SqliteBroker } from "../../../src/brokers/sqlite/sqlite-broker.ts";
import { Batch } from "../../../src/core/batch.ts";
import { Engine } from "../../../src/engine/engine.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { startWorkerProcess } from "./worker-process.ts";

const folder = temporaryFolder();
after(() => {
  folder.remove();
});

/** Only schedules. */
function producer(path: string): Engine {
  const spin = new Engine(new SqliteBroker(path));
  const nothing = (): void => undefined;
  spin.task("retried", { maxRetries: 3 }, nothing);
  spin.task("once", nothing);
  spin.task("limited", { maxRetries: 3, maxConcurrency: 5 }, nothing);
  return spin;
}

function count(path: string, sql: string): number {
  const db = new DatabaseSync(path, { readOnly: true });
  const [found] = Object.values(db.prepare(sql).get() ?? {});
  db.close();
  return Number(found);
}

describe("processes on one SQLite file", { concurrency: true }, () => {
  test("[G7] jobs of a process that is killed run elsewhere within 5 s, or never, by their contract", async (t) => {
    const path = folder.file("killed.db");
    await using spin = producer(path);
    const batch = new Batch();
    for (let index = 0; index < 30; index += 1) {
      batch.schedule("retried", index).schedule("once", 1000 + index);
    }
    for (let index = 0; index < 10; index += 1) batch.schedule("limited", 2000 + index);
    await spin.scheduleBatch(batch);
    await using victim = await startWorkerProcess(path, "hold");
    await victim.printed(/^start/v, 65);
    assert.equal(count(path, "SELECT running FROM spinach_limits"), 5);
    await using heir = await startWorkerProcess(path, "end");
    const killedAtMs = Date.now();
    victim.kill("SIGKILL");
    const ends = await heir.printed(/^end/v, 40);
    const starts = heir.lines.filter((line) => line.startsWith("start"));
    const tookMs = Number(starts.at(-1)?.split(" ")[2]) - killedAtMs;
    t.diagnostic(`all runs elsewhere ${tookMs} ms after the kill`);
    assert.ok(tookMs < 5000, `took ${tookMs} ms`);
    await heir.printed(/^rescued 35 30$/v);
    assert.ok(!ends.some((line) => /^end 10\d\d$/v.test(line)), "once is once");
    heir.kill("SIGTERM");
    await heir.exited;
    assert.equal(count(path, "SELECT count(*) FROM spinach_jobs"), 0);
    assert.equal(count(path, "SELECT count(*) FROM spinach_brokers"), 0);
    assert.equal(count(path, "SELECT running FROM spinach_limits"), 0);
  });

  test("[G8] a process that was frozen for longer than its lease is fenced when it comes back", async () => {
    const path = folder.file("frozen.db");
    await using spin = producer(path);
    await using frozen = await startWorkerProcess(path, "hold", { lease: 1000 });
    await spin.schedule("retried", 1);
    await frozen.printed(/^start/v);
    await using heir = await startWorkerProcess(path, "end", { lease: 1000 });
    frozen.kill("SIGSTOP");
    await heir.printed(/^end 1$/v);
    frozen.kill("SIGCONT");
    await frozen.printed(/^aborted LeaseLostError$/v);
    frozen.kill("SIGTERM");
    await frozen.exited;
    assert.equal(count(path, "SELECT count(*) FROM spinach_jobs"), 0, "it says nothing of its job");
  });

  test("[G6] a task that blocks the event loop for four leases runs once, and is told of", async () => {
    const path = folder.file("blocked.db");
    await using spin = producer(path);
    await using blocker = await startWorkerProcess(path, "block", {
      lease: 1000,
      blockedAfter: 1000,
    });
    await spin.schedule("retried", 4000);
    await blocker.printed(/^start/v);
    await using heir = await startWorkerProcess(path, "end", { lease: 1000 });
    await blocker.printed(/^end 4000$/v);
    await blocker.printed(/^blocked retried$/v);
    assert.deepEqual(heir.lines, ["ready"]);
    assert.equal(blocker.lines.filter((line) => line.startsWith("start")).length, 1);
  });

  test("[G6] a process that is stuck for longer than stuckAfter lets its jobs go", async () => {
    const path = folder.file("stuck.db");
    await using spin = producer(path);
    await using stuck = await startWorkerProcess(path, "block", { lease: 1000, stuckAfter: 1500 });
    await spin.schedule("retried", 30_000);
    await stuck.printed(/^start/v);
    await using heir = await startWorkerProcess(path, "end", { lease: 1000 });
    await heir.printed(/^end 30000$/v);
    assert.equal(stuck.lines.includes("end 30000"), false, "while it was stuck");
  });

  test("a process that is idle hears of jobs that another one schedules", async () => {
    const path = folder.file("idle.db");
    await using spin = producer(path);
    await using worker = await startWorkerProcess(path, "end");
    for (let index = 0; index < 20; index += 1) {
      await spin.schedule("once", index);
      await worker.printed(new RegExp(`^end ${index}$`, "v"));
    }
  });
});
