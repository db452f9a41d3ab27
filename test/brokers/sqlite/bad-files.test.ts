import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, describe, test } from "node:test";

import { openDatabase } from "../../../src/brokers/sqlite/database-file.ts";
import { SqliteBroker } from "../../../src/brokers/sqlite/sqlite-broker.ts";
import { BrokerError } from "../../../src/core/errors.ts";
import { JobMaker, testTask } from "../../../src/testing/conformance/test-cluster.ts";
import { FakeRuntime } from "../../../src/testing/fake-runtime.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const folder = temporaryFolder();
after(() => {
  folder.remove();
});
const plain = testTask("plain");
const runtime = new FakeRuntime();
const jobs = new JobMaker(runtime.clock);

function brokerOn(path: string): SqliteBroker {
  const broker = SqliteBroker.alone(path);
  broker.bind({ namespace: "test", runtime });
  return broker;
}

/** The error of a call, which must name the file. */
async function refusal(path: string, call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
  } catch (error) {
    assert.ok(error instanceof BrokerError, String(error));
    assert.ok(error.message.includes(path), error.message);
    return error.message;
  }
  throw new Error("it was not refused");
}

async function refusedStart(path: string): Promise<string> {
  return refusal(path, () => brokerOn(path).start());
}

describe("SqliteBroker on a bad file", () => {
  test("refuses a path that is none, at once", () => {
    assert.throws(() => new SqliteBroker(":memory:"), /use MemoryBroker/v);
    assert.throws(() => new SqliteBroker("file:jobs.db"), RangeError);
    const url = /^RangeError: SqliteBroker: path must be that of a file, not a URL with "sqlite:/v;
    for (const path of ["sqlite:x.db", "sqlite://x.db", "sqlite:///x.db"]) {
      assert.throws(() => new SqliteBroker(path), url);
    }
    assert.throws(() => new SqliteBroker("redis://:secret@host"), /"redis:\/\/": .*RedisBroker/v);
    for (const path of [
      "./sqlite:x.db",
      "jobs:main.db",
      "redis-backup.db",
      "C:/jobs.db",
      "c:\\jobs.db",
      "jobs/a:b.db",
    ]) {
      new SqliteBroker(path);
    }
    assert.throws(() => new SqliteBroker(""), RangeError);
    // @ts-expect-error -- a path is a text
    assert.throws(() => new SqliteBroker(7), TypeError);
    // @ts-expect-error -- one of the two
    assert.throws(() => new SqliteBroker("jobs.db", { synchronous: "OFF" }), RangeError);
    assert.throws(() => new SqliteBroker("jobs.db", { lease: 999 }), RangeError);
  });

  test("refuses a folder that does not exist, and makes nothing", async () => {
    const path = folder.file("missing/jobs.db");
    assert.match(await refusedStart(path), /does not exist: make it first/v);
    assert.ok(!existsSync(folder.file("missing")));
  });

  test("refuses a folder", async () => {
    const path = folder.file("folder");
    mkdirSync(path);
    assert.match(await refusedStart(path), /is a folder/v);
    assert.deepEqual(readdirSync(path), []);
  });

  test("refuses a file that is no database, and leaves it as it is", async () => {
    const path = folder.file("letter.db");
    const letter = "Dear Sir or Madam, ".repeat(500);
    writeFileSync(path, letter);
    assert.match(await refusedStart(path), /no SQLite database: give another path/v);
    assert.equal(readFileSync(path, "utf8"), letter);
    assert.ok(!existsSync(`${path}-wake`));
  });

  test("says that a file is damaged, and how to save what is left", async () => {
    const path = folder.file("damaged.db");
    const broker = brokerOn(path);
    await broker.start();
    await broker.enqueue(jobs.makeMany(2000, plain));
    await broker.stop();
    const bytes = readFileSync(path);
    // From the third page on: the schema and the header stay readable.
    bytes.fill(0xa5, 2 * 4096);
    writeFileSync(path, bytes);
    const again = brokerOn(path);
    const message = await refusal(path, async () => {
      await again.start();
      await again.register([]);
      await again.exchange({ outcomes: [], queues: ["spinach"], max: 100 });
    });
    await again.stop();
    assert.match(message, /damaged: .*\.recover/v);
  });

  test("refuses a database that a newer version made, at the start and while it runs", async () => {
    const path = folder.file("newer.db");
    const older = brokerOn(path);
    await older.start();
    await older.enqueue([jobs.make(plain)]);
    const db = new DatabaseSync(path);
    db.exec("UPDATE spinach_schema SET version = 9, compatible_from = 1");
    await older.enqueue([jobs.make(plain)]);
    // A later program has changed what this one does not understand.
    db.exec("UPDATE spinach_schema SET compatible_from = 9");
    const remedy = /version 9, this program knows 2: update/v;
    assert.match(await refusal(path, () => older.enqueue([jobs.make(plain)])), remedy);
    assert.match(await refusedStart(path), remedy);
    assert.deepEqual(
      { ...db.prepare("SELECT count(*) AS jobs FROM spinach_jobs").get() },
      { jobs: 2 },
    );
    db.close();
    await older.stop();
  });

  test("refuses a file system without shared memory, where there is no write-ahead log", async () => {
    // A way of SQLite to reach files that has no shared memory, as on a network file system.
    process.chdir(folder.file("."));
    const path = "file:network.db?vfs=unix-dotfile";
    const patience = { runtime, timeoutMs: 1000 };
    const opening = openDatabase({ path, synchronous: "NORMAL", patience });
    await assert.rejects(opening, /cannot have a write-ahead log.*disk of this machine/v);
  });

  test("a disk that is full refuses jobs, all of them", async () => {
    const path = folder.file("full.db");
    const broker = brokerOn(path);
    await broker.start();
    await broker.enqueue(jobs.makeMany(10, plain));
    const db = new DatabaseSync(path);
    db.exec("CREATE TABLE mine (id INTEGER PRIMARY KEY) STRICT");
    const { page_count: pages } = db.prepare("PRAGMA page_count").get() ?? {};
    // SQLite says the same as when the disk is full.
    db.exec(`PRAGMA max_page_count = ${Number(pages)}`);
    db.exec("BEGIN IMMEDIATE");
    db.exec("INSERT INTO mine VALUES (1)");
    const many = jobs.makeMany(5000, plain);
    const message = await refusal(path, async () => {
      broker.enqueueIn(db, many);
    });
    assert.match(message, /full.*free space on its disk/v);
    if (db.isTransaction) db.exec("COMMIT");
    db.close();
    await broker.register([]);
    const { jobs: taken } = await broker.exchange({ outcomes: [], queues: ["spinach"], max: 100 });
    assert.equal(taken.length, 10);
    await broker.stop();
  });

  test("says what to allow if it may not write the file, or the folder", () => {
    const program = join(import.meta.dirname, "programs/read-only.ts");
    for (const what of ["file", "folder"]) {
      const path = folder.file(`read-only-${what}/jobs.db`);
      mkdirSync(dirname(path));
      if (what === "file") new DatabaseSync(path).exec("CREATE TABLE mine (id)");
      const { stdout, stderr } = spawnSync(process.execPath, [program, path], { encoding: "utf8" });
      assert.match(stdout, /^BrokerError: SQLite: .*jobs\.db.*let this user write/v, stderr);
    }
  });

  test("says that a folder on the way may not be entered, and not that it does not exist", () => {
    const program = join(import.meta.dirname, "programs/read-only.ts");
    const path = folder.file("closed-folder/jobs.db");
    mkdirSync(dirname(path));
    const args = [program, path, "closed"];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    assert.match(stdout, /^BrokerError: SQLite: .*EACCES.*enter the folders on the way/v, stderr);
  });

  test("says that a path is too long, for the file or for its log", async () => {
    for (const length of [300, 253]) {
      const path = folder.file("x".repeat(length));
      assert.match(await refusedStart(path), /too long: give a shorter one/v);
    }
  });

  test("says that the process has too many files open", async () => {
    const path = folder.file("many.db");
    const program = `
      const { openSync } = require("node:fs");
      import(${JSON.stringify(import.meta.resolve("../../../src/sqlite.ts"))}).then(async ({ SqliteBroker }) => {
        const { systemRuntime } = await import(${JSON.stringify(import.meta.resolve("../../../src/platform/runtime.ts"))});
        await import("node:sqlite");
        const broker = new SqliteBroker(${JSON.stringify(path)});
        broker.bind({ namespace: "test", runtime: systemRuntime() });
        try { for (;;) openSync("/dev/null"); } catch {}
        await broker.start();
      }).catch((error) => console.log(String(error)));`;
    const command = `ulimit -n 64; exec "$0" --conditions=spinach-source -e "$1"`;
    const args = ["-c", command, process.execPath, program];
    const { stdout, stderr } = spawnSync("sh", args, { encoding: "utf8" });
    assert.match(stdout, /^BrokerError: SQLite: .*EMFILE.*ulimit -n/v, stderr);
  });
});
