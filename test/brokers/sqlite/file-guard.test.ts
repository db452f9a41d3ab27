import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, describe, test } from "node:test";

import { holdLog } from "../../../src/brokers/sqlite/connection-log.ts";
import { FileGuard } from "../../../src/brokers/sqlite/file-guard.ts";
import { SqliteBroker } from "../../../src/brokers/sqlite/sqlite-broker.ts";
import { BrokerError } from "../../../src/core/errors.ts";
import type { StoredJob } from "../../../src/core/job.ts";
import { Engine } from "../../../src/engine/engine.ts";
import { JobMaker, testTask } from "../../../src/testing/conformance/test-cluster.ts";
import { FakeRuntime } from "../../../src/testing/fake-runtime.ts";
import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import { jobsSeenElsewhere, loseLocks, openElsewhere } from "./second-library.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const SECOND_MS = 1000;
const LIMIT = { timeout: 60_000 };

const folder = temporaryFolder();
after(() => {
  folder.remove();
});
const plain = testTask("plain");
let files = 0;

function openDatabase(path: string): DatabaseSync {
  const db = new DatabaseSync(path);
  db.exec("PRAGMA journal_mode = WAL; CREATE TABLE t (a)");
  return db;
}

interface Bench {
  readonly path: string;
  readonly broker: SqliteBroker;
  readonly runtime: FakeRuntime;
  readonly job: () => StoredJob;
}

/** A broker that has acknowledged one job, and is one of the cluster. */
async function startedBroker(): Promise<Bench> {
  files += 1;
  const path = folder.file(`${files}.db`);
  const runtime = new FakeRuntime();
  const broker = SqliteBroker.alone(path);
  broker.bind({ namespace: "test", runtime });
  await broker.start();
  await broker.register([]);
  const jobs = new JobMaker(runtime.clock);
  const job = (): StoredJob => jobs.make(plain);
  await broker.enqueue([job()]);
  return { path, broker, runtime, job };
}

/** Each way to put jobs in, and to get them: all of them must refuse. */
async function refusesAll({ broker, path, job }: Bench, why: RegExp): Promise<void> {
  const refusal = (error: unknown): boolean =>
    error instanceof BrokerError && why.test(error.message);
  await assert.rejects(broker.enqueue([job()]), refusal, "enqueue");
  const taking = broker.exchange({ outcomes: [], queues: ["spinach"], max: 1 });
  await assert.rejects(taking, refusal, "exchange");
  await assert.rejects(broker.tick(), refusal, "tick");
  await assert.rejects(broker.isQueueEmpty("spinach"), refusal, "isQueueEmpty");
  const db = new DatabaseSync(path);
  db.exec("BEGIN IMMEDIATE");
  assert.throws(() => {
    broker.enqueueIn(db, [job()]);
  }, refusal);
  db.exec("ROLLBACK");
  db.close();
}

/** What this process knows of its file holds for whoever opens it later. */
async function refusesInNewBroker(path: string, why: RegExp): Promise<void> {
  const broker = SqliteBroker.alone(path);
  broker.bind({ namespace: "test", runtime: new FakeRuntime() });
  await assert.rejects(broker.start(), why, "start");
  await broker.stop();
}

describe("SqliteBroker notices that its file is not what others see", () => {
  test(
    "the log was removed: nothing is promised, and nothing that was refused is there later",
    LIMIT,
    async () => {
      const bench = await startedBroker();
      const { path, broker } = bench;
      loseLocks(path);
      assert.equal(jobsSeenElsewhere(path), 1);
      assert.ok(!existsSync(`${path}-wal`), "the other process did not remove the log");
      await bench.runtime.advance(SECOND_MS);
      await refusesAll(bench, /-wal was removed.*node:sqlite.*restart this process/v);
      await refusesInNewBroker(path, /-wal was removed.*restart this process/v);
      await broker.stop();
      await refusesInNewBroker(path, /-wal was removed.*restart this process/v);
      assert.equal(jobsSeenElsewhere(path), 1);
    },
  );

  test("the log is removed within a transaction: its commit is not promised", LIMIT, async () => {
    const { path, broker, runtime, job } = await startedBroker();
    const { clock } = runtime;
    const at = clock.monotonic();
    // The clock is asked before the commit, and the log was looked at a moment ago.
    clock.monotonic = () => {
      rmSync(`${path}-wal`, { force: true });
      return at;
    };
    await assert.rejects(broker.enqueue([job()]), /-wal was removed/v);
    await broker.stop();
  });

  test(
    "a second library has the file open: refused within a second, and after it is closed too",
    LIMIT,
    async (t) => {
      const bench = await startedBroker();
      const other = openElsewhere(bench.path);
      if (other === undefined) {
        await bench.broker.stop();
        t.skip("there is no second SQLite library for this machine");
        return;
      }
      other.exec("SELECT count(*) FROM sqlite_schema");
      await bench.runtime.advance(SECOND_MS);
      await refusesAll(bench, /another SQLite library in this process has .* open.*restart/v);
      other.close();
      await bench.runtime.advance(SECOND_MS);
      await assert.rejects(bench.broker.enqueue([bench.job()]), /another SQLite library/v);
      await bench.broker.stop();
      await refusesInNewBroker(bench.path, /another SQLite library/v);
    },
  );

  test("connections of node:sqlite, here and elsewhere, may come and go", LIMIT, async () => {
    const { path, broker, runtime, job } = await startedBroker();
    for (let round = 2; round <= 4; round += 1) {
      const db = new DatabaseSync(path);
      db.prepare("SELECT count(*) FROM spinach_jobs").get();
      await runtime.advance(SECOND_MS);
      await broker.enqueue([job()]);
      db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      db.close();
      assert.equal(jobsSeenElsewhere(path), round);
    }
    const db = new DatabaseSync(path);
    db.exec("VACUUM");
    db.close();
    await broker.enqueue([job()]);
    await broker.stop();
  });

  test("a real second library that reads and closes loses no acknowledged job", LIMIT, (t) => {
    const path = folder.file("real.db");
    if (openElsewhere(folder.file("probe.db")) === undefined) {
      t.skip("there is no second SQLite library for this machine");
      return;
    }
    const program = join(import.meta.dirname, "programs/second-library.ts");
    const args = ["--conditions=spinach-source", "--expose-gc", program, path];
    const { stdout, stderr } = spawnSync(process.execPath, args, {
      encoding: "utf8",
      timeout: 30_000,
    });
    assert.match(stdout, /^acknowledged\nBrokerError: SQLite: .*-wal was removed/v, stderr);
    assert.equal(jobsSeenElsewhere(path), 1);
  });

  test("the file was deleted", LIMIT, async () => {
    const bench = await startedBroker();
    rmSync(bench.path);
    await bench.runtime.advance(SECOND_MS);
    await assert.rejects(
      bench.broker.enqueue([bench.job()]),
      /was deleted or renamed.*put it back, or restart/v,
    );
    await bench.broker.stop();
  });

  test(
    "the file was renamed, and comes back: all goes on, without what was refused",
    LIMIT,
    async () => {
      const bench = await startedBroker();
      const { path, broker, runtime, job } = bench;
      renameSync(path, `${path}.old`);
      await runtime.advance(SECOND_MS);
      await assert.rejects(broker.enqueue([job()]), /was deleted or renamed/v);
      renameSync(`${path}.old`, path);
      await broker.enqueue([job()]);
      assert.equal(jobsSeenElsewhere(path), 2);
      await broker.stop();
    },
  );

  test("the file was replaced by a copy", LIMIT, async () => {
    const bench = await startedBroker();
    const { path, broker, runtime } = bench;
    copyFileSync(path, `${path}.copy`);
    renameSync(`${path}.copy`, path);
    await runtime.advance(SECOND_MS);
    await refusesAll(bench, /was replaced by another file.*restart/v);
    await broker.stop();
  });

  test("a file that goes between the connection and its first commit is told of as one that goes later", () => {
    const path = folder.file("at-once.db");
    using db = openDatabase(path);
    const { clock } = new FakeRuntime();
    const guard = new FileGuard({
      path,
      file: path,
      clock,
      log: () => holdLog(path),
      onLost: () => undefined,
    });
    for (const suffix of ["", "-wal", "-shm"]) rmSync(`${path}${suffix}`);
    assert.throws(() => guard.check(), /at-once\.db was deleted or renamed/v);
    db.exec("SELECT 1");
  });

  test("a file that goes, comes back and goes again is told of twice, however often it is looked at", () => {
    const path = folder.file("twice.db");
    using db = openDatabase(path);
    const told: string[] = [];
    const { clock } = new FakeRuntime();
    const guard = new FileGuard({
      path,
      file: path,
      clock,
      log: () => holdLog(path),
      onLost: (e) => told.push(e.message),
    });
    for (let round = 0; round < 2; round += 1) {
      renameSync(path, `${path}.old`);
      for (let look = 0; look < 3; look += 1) assert.ok(guard.problem() instanceof BrokerError);
      renameSync(`${path}.old`, path);
      assert.equal(guard.problem(), undefined);
    }
    assert.equal(told.length, 2);
    guard.close();
    db.exec("SELECT 1");
  });

  test("idle workers notice that the file is gone, and one error says so", LIMIT, async () => {
    const path = folder.file("idle.db");
    const told = Promise.withResolvers<string>();
    const errors: string[] = [];
    const tell = (fields: object, message: string): void => {
      errors.push(message);
      if ("err" in fields && fields.err instanceof BrokerError) told.resolve(fields.err.message);
    };
    const nothing = (): void => undefined;
    const logger = { debug: nothing, info: nothing, warn: nothing, error: tell };
    await using spin = new Engine(new SqliteBroker(path), { logger });
    spin.task("plain", () => undefined);
    await spin.startWorkers({ workers: new AsyncWorkers() });
    for (const suffix of ["", "-wal", "-shm"]) rmSync(`${path}${suffix}`);
    assert.match(await told.promise, /was removed|was deleted/v);
    await assert.rejects(spin.schedule("plain"), BrokerError);
    assert.ok(!existsSync(path), "a closed process leaves no new file behind");
    await spin.close();
    assert.equal(errors.length, 1, errors.join("; "));
  });

  test("inTransaction() says why a connection of another library cannot be used", async () => {
    const spin = new Engine(new SqliteBroker(folder.file("within.db")));
    spin.task("plain", () => undefined);
    // As those of better-sqlite3, libsql and bun:sqlite.
    const foreign = {
      prepare: () => undefined,
      exec: () => undefined,
      transaction: () => undefined,
    };
    assert.throws(() => spin.inTransaction(foreign).schedule("plain"), {
      name: "TypeError",
      message: /another SQLite library .* use node:sqlite/v,
    });
    await spin.close();
  });
});
