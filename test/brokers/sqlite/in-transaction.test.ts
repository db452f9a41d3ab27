import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { after, describe, test } from "node:test";

import { MemoryBroker } from "../../../src/brokers/memory/memory-broker.ts";
import { ApplicationTransactions } from "../../../src/brokers/sqlite/application-transactions.ts";
import { SqliteBroker } from "../../../src/brokers/sqlite/sqlite-broker.ts";
import { Batch } from "../../../src/core/batch.ts";
import { InvalidJobArgumentsError } from "../../../src/core/errors.ts";
import { JobStatus } from "../../../src/core/job-status.ts";
import { newJob } from "../../../src/core/new-job.ts";
import type { Task } from "../../../src/core/task.ts";
import { Engine } from "../../../src/engine/engine.ts";
import { testTask } from "../../../src/testing/conformance/test-cluster.ts";
import { FakeRuntime, settled } from "../../../src/testing/fake-runtime.ts";
import { within } from "../../../src/testing/waits.ts";
import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const folder = temporaryFolder();
after(() => {
  folder.remove();
});

interface Shop extends AsyncDisposable {
  readonly path: string;
  readonly db: DatabaseSync;
  readonly spin: Engine;
  readonly invoice: Task<[order: number], void>;
  /** Orders whose invoices were made. */
  readonly invoiced: number[];
  /** Adds an order and schedules its invoice, within a transaction. */
  order(name: string): void;
}

let shops = 0;

/** An application that keeps its orders in the broker's file. */
function shop(): Shop {
  shops += 1;
  const path = folder.file(`shop-${shops}.db`);
  const db = new DatabaseSync(path);
  db.exec("CREATE TABLE orders (id INTEGER PRIMARY KEY, name TEXT)");
  const spin = new Engine(new SqliteBroker(path));
  const invoiced: number[] = [];
  const invoice = spin.task("invoice", (order: number) => {
    invoiced.push(order);
  });
  return {
    path,
    db,
    spin,
    invoice,
    invoiced,
    order: (name) => {
      const { lastInsertRowid } = db.prepare("INSERT INTO orders (name) VALUES (?)").run(name);
      spin.inTransaction(db).schedule(invoice, Number(lastInsertRowid));
    },
    [Symbol.asyncDispose]: async () => {
      await spin.close();
      db.close();
    },
  };
}

async function drain(spin: Engine): Promise<void> {
  const running = await spin.startWorkers({
    workers: new AsyncWorkers(),
    stopWhenQueueEmpty: true,
  });
  await running.finished;
}

describe("engine.inTransaction() on SQLite", () => {
  test("a job exists if the transaction commits, and not before", async () => {
    await using it = shop();
    it.db.exec("BEGIN IMMEDIATE");
    it.order("tea");
    const other = new DatabaseSync(it.path);
    assert.throws(() => other.prepare("SELECT * FROM spinach_jobs").all(), /no such table/v);
    it.db.exec("COMMIT");
    assert.equal(other.prepare("SELECT * FROM spinach_jobs").all().length, 1);
    other.close();
    await drain(it.spin);
    assert.deepEqual(it.invoiced, [1]);
  });

  test("a job does not exist if the transaction is rolled back, nor do the tables it made", async () => {
    await using it = shop();
    it.db.exec("BEGIN IMMEDIATE");
    it.order("tea");
    it.db.exec("ROLLBACK");
    await drain(it.spin);
    it.db.exec("BEGIN IMMEDIATE");
    it.order("coffee");
    it.order("milk");
    it.db.exec("ROLLBACK");
    it.db.exec("BEGIN IMMEDIATE");
    it.order("sugar");
    it.db.exec("COMMIT");
    await drain(it.spin);
    assert.deepEqual(it.invoiced, [1]);
    assert.deepEqual(
      it.db
        .prepare("SELECT name FROM orders")
        .all()
        .map(({ name }) => name),
      ["sugar"],
    );
  });

  test("idle workers hear of the commit, whenever it comes", async () => {
    await using it = shop();
    const started = Promise.withResolvers<void>();
    it.spin.on("jobFinished", () => {
      started.resolve();
    });
    await it.spin.startWorkers({ workers: new AsyncWorkers() });
    it.db.exec("BEGIN IMMEDIATE");
    it.order("tea");
    // The transaction stays open for some turns of the event loop.
    for (let turn = 0; turn < 10; turn += 1) await settled();
    assert.deepEqual(it.invoiced, []);
    it.db.exec("COMMIT");
    await within("the job has run", started.promise);
    assert.deepEqual(it.invoiced, [1]);
  });

  test("a transaction of many calls rings once, and one after it again", async () => {
    const path = folder.file("often.db");
    const db = new DatabaseSync(path);
    const runtime = new FakeRuntime();
    const rings: Array<readonly string[]> = [];
    const transactions = new ApplicationTransactions({
      path,
      namespace: "test",
      runtime,
      onCommitted: ({ queues }) => rings.push([...queues]),
    });
    const enqueue = (queue: string): void => {
      const task = testTask(queue, { queue });
      transactions.enqueue(db, [
        newJob(
          task,
          { task: queue, at: undefined, args: [] },
          { id: runtime.newId(), nowMs: runtime.clock.now() },
        ),
      ]);
    };
    db.exec("BEGIN IMMEDIATE");
    enqueue("one");
    enqueue("other");
    await runtime.advance(100);
    enqueue("late");
    assert.equal(runtime.pendingTimers, 1);
    db.exec("COMMIT");
    await runtime.advance(100);
    assert.deepEqual(rings, [["one", "other", "late"]]);
    db.exec("BEGIN IMMEDIATE");
    enqueue("one");
    db.exec("COMMIT");
    await settled();
    assert.deepEqual(rings.slice(1), [["one"]]);
    db.close();
  });

  test("a batch, a date and a delay, all or none", async () => {
    await using it = shop();
    it.db.exec("BEGIN IMMEDIATE");
    const inside = it.spin.inTransaction(it.db);
    const jobs = inside.scheduleBatch(new Batch().schedule(it.invoice, 1).schedule(it.invoice, 2));
    inside.scheduleAt(it.invoice, new Date(Date.now() + 60_000), 3);
    assert.equal(inside.scheduleIn(it.invoice, 60_000, 3).status, JobStatus.WAITING);
    assert.throws(() => inside.scheduleIn(it.invoice, -1, 3), RangeError);
    assert.throws(
      () =>
        inside.scheduleBatch(new Batch().schedule(it.invoice, 4).schedule("invoice", Number.NaN)),
      InvalidJobArgumentsError,
    );
    it.db.exec("COMMIT");
    assert.equal(jobs.length, 2);
    await drain(it.spin);
    assert.deepEqual(it.invoiced, [1, 2]);
  });

  test("while another connection writes it says how to wait for it", async () => {
    await using it = shop();
    const other = new DatabaseSync(it.path);
    other.exec("BEGIN IMMEDIATE");
    it.db.exec("BEGIN");
    assert.throws(
      () => it.spin.inTransaction(it.db).schedule(it.invoice, 1),
      /is locked; .*new DatabaseSync\(path, \{ timeout: 5000 \}\), and begin with "BEGIN IMMEDIATE"$/v,
    );
    it.db.exec("ROLLBACK");
    other.close();
  });

  test("[G2] a batch that fails in its middle leaves no job in a transaction that commits all the same", async () => {
    await using it = shop();
    await it.spin.schedule(it.invoice, 0);
    it.db.exec(`CREATE TRIGGER refuses BEFORE INSERT ON spinach_jobs
      WHEN (SELECT count(*) FROM spinach_jobs) >= 2 BEGIN SELECT RAISE(ABORT, 'from the test'); END`);
    it.db.exec("BEGIN IMMEDIATE");
    const batch = new Batch().schedule(it.invoice, 1).schedule(it.invoice, 2);
    assert.throws(() => it.spin.inTransaction(it.db).scheduleBatch(batch), /from the test/v);
    it.db.exec("COMMIT");
    await drain(it.spin);
    assert.deepEqual(it.invoiced, [0]);
  });

  test("it refuses what is no transaction on the broker's file, with the remedy", async () => {
    await using it = shop();
    assert.throws(() => it.spin.inTransaction(it.db).schedule(it.invoice, 1), /BEGIN IMMEDIATE/v);
    const elsewhere = new DatabaseSync(folder.file("elsewhere.db"));
    elsewhere.exec("BEGIN IMMEDIATE");
    assert.throws(
      () => it.spin.inTransaction(elsewhere).schedule(it.invoice, 1),
      /must be the same file/v,
    );
    elsewhere.close();
    const memory = new DatabaseSync(":memory:");
    memory.exec("BEGIN");
    assert.throws(() => it.spin.inTransaction(memory).schedule(it.invoice, 1), RangeError);
    memory.close();
    for (const [value, got] of [
      [{}, "an object (Object) without prepare()"],
      [undefined, "undefined"],
      ["shop.db", '"shop.db"'],
      [DatabaseSync, "the class DatabaseSync: make one with new"],
    ] as const) {
      // What a JavaScript program lets through.
      const wrong: unknown = value;
      assert.throws(() => it.spin.inTransaction(wrong as object).schedule(it.invoice, 1), {
        name: "TypeError",
        message: `inTransaction: expected a DatabaseSync of node:sqlite, got ${got}`,
      });
    }
    const spin = new Engine(new MemoryBroker());
    spin.task("invoice", () => undefined);
    assert.throws(() => spin.inTransaction(it.db).schedule("invoice"), /SqliteBroker/v);
    await spin.close();
  });

  test("the application's connection may read big integers and rows as objects", async () => {
    await using it = shop();
    const db = new DatabaseSync(it.path, { readBigInts: true });
    db.exec("BEGIN IMMEDIATE");
    it.spin.inTransaction(db).schedule(it.invoice, 7);
    db.exec("COMMIT");
    db.close();
    await drain(it.spin);
    assert.deepEqual(it.invoiced, [7]);
  });
});
