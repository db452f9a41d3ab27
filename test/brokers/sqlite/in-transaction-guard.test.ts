/** A program that only schedules in transactions of its own: no broker is started, which would look after the file. */
import assert from "node:assert/strict";
import { copyFileSync, existsSync, renameSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { after, describe, test } from "node:test";

import { SqliteBroker } from "../../../src/brokers/sqlite/sqlite-broker.ts";
import { BrokerError } from "../../../src/core/errors.ts";
import { Engine } from "../../../src/engine/engine.ts";
import { FakeRuntime, settled } from "../../../src/testing/fake-runtime.ts";
import { RecordingLogger } from "../../../src/testing/recording-logger.ts";
import { jobsSeenElsewhere, loseLocks, openElsewhere } from "./second-library.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const SECOND_MS = 1000;
const LIMIT = { timeout: 60_000 };

const folder = temporaryFolder();
after(() => {
  folder.remove();
});
let files = 0;

interface Application extends AsyncDisposable {
  readonly path: string;
  readonly db: DatabaseSync;
  readonly spin: Engine;
  readonly runtime: FakeRuntime;
  readonly logger: RecordingLogger;
  /** A transaction with one job. */
  readonly order: () => void;
}

/** A program that has committed one job. */
function application(mode = "WAL"): Application {
  files += 1;
  const path = folder.file(`${files}.db`);
  const db = new DatabaseSync(path);
  db.exec(`PRAGMA journal_mode = ${mode}; CREATE TABLE orders (name TEXT)`);
  const runtime = new FakeRuntime();
  const logger = new RecordingLogger();
  const spin = new Engine(new SqliteBroker(path), { runtime, logger });
  spin.task("mail", () => undefined);
  const order = (): void => {
    db.exec("BEGIN IMMEDIATE");
    try {
      spin.inTransaction(db).schedule("mail");
      db.exec("INSERT INTO orders VALUES ('tea'); COMMIT");
    } catch (error) {
      db.exec("ROLLBACK");
      throw error;
    }
  };
  order();
  const dispose = async (): Promise<void> => {
    await spin.close();
    if (db.isOpen) db.close();
  };
  return { path, db, spin, runtime, logger, order, [Symbol.asyncDispose]: dispose };
}

function refuses({ order }: Application, why: RegExp): void {
  assert.throws(order, (error) => error instanceof BrokerError && why.test(error.message));
}

describe("inTransaction() alone notices that the file is not what others see", () => {
  test("the file was deleted", LIMIT, async () => {
    await using it = application();
    for (const suffix of ["", "-wal", "-shm"]) rmSync(`${it.path}${suffix}`);
    refuses(it, /was deleted or renamed.*put it back, or restart/v);
    assert.ok(!existsSync(it.path));
  });

  test(
    "the file was renamed, and comes back: all goes on, without what was refused",
    LIMIT,
    async () => {
      await using it = application();
      renameSync(it.path, `${it.path}.old`);
      refuses(it, /was deleted or renamed/v);
      renameSync(`${it.path}.old`, it.path);
      it.order();
      assert.equal(jobsSeenElsewhere(it.path), 2);
    },
  );

  test("the file was replaced by a copy", LIMIT, async () => {
    await using it = application();
    it.db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    copyFileSync(it.path, `${it.path}.copy`);
    renameSync(`${it.path}.copy`, it.path);
    await it.runtime.advance(SECOND_MS);
    refuses(it, /was replaced by another file.*restart/v);
    assert.equal(jobsSeenElsewhere(it.path), 1);
  });

  test(
    "the log was removed: nothing is promised, and nothing that was refused is there later",
    LIMIT,
    async () => {
      await using it = application();
      loseLocks(it.path);
      assert.equal(jobsSeenElsewhere(it.path), 1);
      assert.ok(!existsSync(`${it.path}-wal`), "the other process did not remove the log");
      refuses(it, /-wal was removed.*node:sqlite.*restart this process/v);
      assert.equal(jobsSeenElsewhere(it.path), 1);
    },
  );

  test("the log was removed and made anew by another process", LIMIT, async () => {
    await using it = application();
    loseLocks(it.path);
    jobsSeenElsewhere(it.path);
    using other = new DatabaseSync(it.path);
    other.exec("INSERT INTO orders VALUES ('milk')");
    assert.ok(existsSync(`${it.path}-wal`));
    refuses(it, /-wal was removed/v);
  });

  test(
    "the log is removed before the commit: an error says which jobs may be lost",
    LIMIT,
    async () => {
      await using it = application();
      await settled();
      it.db.exec("BEGIN IMMEDIATE");
      const { id } = it.spin.inTransaction(it.db).schedule("mail");
      rmSync(`${it.path}-wal`);
      it.db.exec("COMMIT");
      await settled();
      const line = it.logger.lines.find(({ message }) =>
        /^jobs of a transaction .* may be lost/v.test(message),
      );
      assert.equal(line?.level, "error");
      const { jobs, ids } = line.fields as { jobs?: unknown; ids?: unknown };
      assert.deepEqual({ jobs, ids }, { jobs: 1, ids: [id] });
      refuses(it, /-wal was removed/v);
    },
  );

  test(
    "a second library is refused while it has the file open, and after it has closed it, by all that work on it",
    LIMIT,
    async (t) => {
      await using it = application();
      const other = openElsewhere(it.path);
      if (other === undefined) {
        t.skip("there is no second SQLite library for this machine");
        return;
      }
      other.exec("SELECT count(*) FROM sqlite_schema");
      await it.runtime.advance(SECOND_MS);
      refuses(it, /another SQLite library in this process has .* open.*restart/v);
      other.close();
      await it.runtime.advance(SECOND_MS);
      refuses(it, /another SQLite library/v);
    },
  );

  test(
    "connections that are closed at once, and opened again, are not mistaken for lost ones",
    LIMIT,
    async () => {
      await using it = application();
      for (let round = 2; round <= 4; round += 1) {
        it.order();
        // The last one removes the log.
        it.db.close();
        await settled();
        assert.equal(jobsSeenElsewhere(it.path), round);
        it.db.open();
      }
      it.db.exec("VACUUM");
      it.order();
      assert.deepEqual(it.logger.lines, []);
    },
  );

  test("a file that gets its log later is gone on with", LIMIT, async () => {
    await using it = application("DELETE");
    using other = new DatabaseSync(it.path);
    other.exec("PRAGMA journal_mode = WAL");
    it.order();
    it.order();
    assert.equal(jobsSeenElsewhere(it.path), 3);
    loseLocks(it.path);
    rmSync(`${it.path}-wal`);
    refuses(it, /-wal was removed/v);
  });
});
