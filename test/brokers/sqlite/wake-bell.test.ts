import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { after, describe, test } from "node:test";

import { SqliteBroker } from "../../../src/brokers/sqlite/sqlite-broker.ts";
import { WakeBell } from "../../../src/brokers/sqlite/wake-bell.ts";
import { Engine } from "../../../src/engine/engine.ts";
import { promisesSettled } from "../../../src/platform/after-promises.ts";
import { systemClock } from "../../../src/platform/runtime.ts";
import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const LIMIT = { timeout: 60_000 };
const NOBODY = 65_534;

const folder = temporaryFolder();
after(() => {
  folder.remove();
});

function databaseAt(name: string): string {
  const path = folder.file(name);
  const db = new DatabaseSync(path);
  db.exec("CREATE TABLE mine (id INTEGER PRIMARY KEY)");
  db.close();
  return path;
}

/** Schedules a job in another process. */
function scheduleElsewhere(path: string): void {
  const program = `
    import { Engine } from ${JSON.stringify(import.meta.resolve("../../../src/index.ts"))};
    import { SqliteBroker } from ${JSON.stringify(import.meta.resolve("../../../src/sqlite.ts"))};
    await using spin = new Engine(new SqliteBroker(${JSON.stringify(path)}));
    await spin.schedule(spin.task("plain", () => undefined));`;
  execFileSync(process.execPath, ["--input-type=module", "-e", program], { stdio: "ignore" });
}

describe("the file by which processes wake each other", () => {
  test("has the mode of the database, and its owner where that may be given", () => {
    const path = databaseAt("owned.db");
    chmodSync(path, 0o660);
    const isSuperuser = process.getuid?.() === 0;
    if (isSuperuser) chownSync(path, NOBODY, NOBODY);
    const bell = new WakeBell(path, systemClock);
    bell.open();
    bell.close();
    const { mode, uid, gid } = statSync(`${path}-wake`);
    assert.equal(mode & 0o777, 0o660);
    const { uid: owner, gid: group } = statSync(path);
    assert.deepEqual([uid, gid], [owner, group]);
    assert.equal(uid, isSuperuser ? NOBODY : process.getuid?.());
  });

  test("rings that follow one another at once become one, which is rung before the event loop turns", async () => {
    const path = databaseAt("burst.db");
    let nowMs = 1000;
    const bell = new WakeBell(path, { ...systemClock, monotonic: () => nowMs });
    const hasRung = (): boolean => {
      const { mtimeMs } = statSync(`${path}-wake`);
      utimesSync(`${path}-wake`, 0, 0);
      return mtimeMs > 0;
    };
    bell.open();
    hasRung();
    bell.ring();
    assert.ok(hasRung(), "the first one waited");
    bell.ring();
    bell.ring();
    assert.ok(!hasRung(), "each of a burst rang");
    await promisesSettled();
    assert.ok(hasRung(), "the last of a burst was lost");
    nowMs += 0.1;
    bell.ring();
    nowMs += 0.1;
    bell.ring();
    assert.ok(hasRung(), "a burst that lasts was not heard in its midst");
    await promisesSettled();
    assert.ok(!hasRung(), "what had rung rang again");
    bell.ring();
    bell.close();
    assert.ok(hasRung(), "the bell was closed before its last ring");
  });

  test("is not opened through a link that somebody has put in its place", () => {
    const path = databaseAt("linked.db");
    const precious = folder.file("precious");
    writeFileSync(precious, "as it was");
    symlinkSync(precious, `${path}-wake`);
    assert.throws(() => {
      new WakeBell(path, systemClock).open();
    }, /ELOOP/v);
    assert.equal(readFileSync(precious, "utf8"), "as it was");
  });

  test(
    "without it jobs of other processes come, only later, and one warning says so",
    LIMIT,
    async () => {
      const path = databaseAt("bell-less.db");
      // As one that belongs to somebody else: it cannot be written.
      mkdirSync(`${path}-wake`);
      const warnings: string[] = [];
      const nothing = (): void => undefined;
      const warn = (_: object, message: string): void => {
        warnings.push(message);
      };
      const logger = { debug: nothing, info: nothing, warn, error: warn };
      await using spin = new Engine(new SqliteBroker(path), { logger });
      const ran = Promise.withResolvers<void>();
      spin.task("plain", () => {
        ran.resolve();
      });
      await spin.startWorkers({ workers: new AsyncWorkers() });
      scheduleElsewhere(path);
      await ran.promise;
      assert.deepEqual(
        warnings.filter((message) => message.includes("wake")),
        [
          "the file by which processes wake each other cannot be opened: they hear of jobs up to 1 s later; " +
            "let this user write it, or delete it",
        ],
      );
      assert.ok(lstatSync(`${path}-wake`).isDirectory());
    },
  );
});
