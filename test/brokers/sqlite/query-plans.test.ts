/** What statements read: no more rows than they return or change, however many jobs wait. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";

import {
  beat,
  brokerState,
  join,
  otherBrokers,
  rescue,
} from "../../../src/brokers/sqlite/brokers-table.ts";
import { exchange, hasJobs } from "../../../src/brokers/sqlite/exchange.ts";
import { isQueueEmpty } from "../../../src/brokers/sqlite/is-queue-empty.ts";
import { JobPlaces } from "../../../src/brokers/sqlite/job-places.ts";
import { Member } from "../../../src/brokers/sqlite/member.ts";
import { migrate } from "../../../src/brokers/sqlite/migrations.ts";
import { NamespaceSession } from "../../../src/brokers/sqlite/namespace-session.ts";
import { SqlSession } from "../../../src/brokers/sqlite/sql-session.ts";
import { runPeriodic, stateTasks } from "../../../src/brokers/sqlite/task-statements.ts";
import { type Work, Woken } from "../../../src/brokers/sqlite/work.ts";
import type { StoredJob } from "../../../src/core/job.ts";
import type { TaskDefinition } from "../../../src/core/task.ts";
import { later, outcome } from "../../../src/testing/conformance/broker-bench.ts";
import { JobMaker, testTask } from "../../../src/testing/conformance/test-cluster.ts";
import { FakeRuntime } from "../../../src/testing/fake-runtime.ts";

const runtime = new FakeRuntime();
const jobs = new JobMaker(runtime.clock);
const plain = testTask("plain", { maxRetries: 3 });
const limited = testTask("limited", { maxConcurrency: 2, periodicity: 1000 });
const QUEUES = ["spinach"];

/** Whole tables that are read on purpose: a JSON list that we give, and what is small. */
const SMALL = /^SCAN (?:json_each|spinach_schema|sqlite_schema|spinach_brokers|CONSTANT ROW)/v;

/** By what SQLite would do: only rows that an index leads to. */
function plan(db: DatabaseSync, sql: string): readonly string[] {
  return db
    .prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .all()
    .map(({ detail }) => String(detail));
}

/** Every operation, so that all statements are prepared. */
function useAll(sql: SqlSession): void {
  const work = (): Work => ({ space, nowMs: runtime.clock.now(), woken: new Woken() });
  const space = new NamespaceSession(sql, "test");
  const process = { machine: "here", pid: 1, startedAt: "1" };
  const broker = join(work(), { uuid: "me", leaseMs: 1000, process });
  const member = new Member("me", broker);
  const owner = { brokerId: "me", joinNumber: 0 };
  owner.joinNumber = stateTasks(work(), [plain, limited], owner);
  stateTasks(work(), [plain, limited, testTask("was limited")], owner);
  stateTasks(work(), [plain], { brokerId: "other", joinNumber: 1 });
  const add = (task: TaskDefinition, count: number, atMs?: number): void => {
    const made = Array.from({ length: count }, () => jobs.make(task, [], atMs));
    new JobPlaces(work()).add(made);
  };
  add(plain, 3);
  add(plain, 3, runtime.clock.now() + 1);
  add(limited, 5);
  hasJobs(work(), QUEUES);
  const take = (outcomes: Parameters<typeof exchange>[1]["outcomes"]): readonly StoredJob[] => {
    const done = exchange(
      work(),
      { outcomes, queues: QUEUES, max: 20 },
      { broker, held: member.held },
    );
    member.settled(done.settled);
    member.took(done.jobs, done.rows);
    return done.jobs;
  };
  const [first, second, third, ...limitedOnes] = take([]);
  take([
    outcome("succeeded", first),
    outcome("retried", later(second, runtime.clock.now() + 1)),
    outcome("released", third),
    ...limitedOnes.map((stored) => outcome("released", stored)),
  ]);
  const places = new JobPlaces(work());
  runPeriodic(work(), places, runtime.newId);
  new JobPlaces({ ...work(), nowMs: runtime.clock.now() + 1000 }).moveDue(1000);
  isQueueEmpty(work(), "spinach");
  brokerState(space, "me");
  beat(work(), "me");
  otherBrokers(space, "other");
  rescue(work(), broker);
}

test("[G5] no statement reads jobs that it neither returns nor changes", () => {
  const db = new DatabaseSync(":memory:");
  const sql = new SqlSession(db);
  migrate(sql, ":memory:");
  useAll(sql);
  const jobStatements = sql.prepared.filter((text) =>
    /spinach_(?:jobs|ready|future|parked|running)/v.test(text),
  );
  assert.ok(jobStatements.length > 20, "all are there");
  for (const text of sql.prepared) {
    for (const step of plan(db, text)) {
      const isScan = step.startsWith("SCAN") && !SMALL.test(step);
      const sorts = step.includes("TEMP B-TREE");
      assert.ok(!isScan && !sorts, `${step}, in ${text}`);
    }
  }
  db.close();
});
