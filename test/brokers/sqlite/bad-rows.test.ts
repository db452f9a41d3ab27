import assert from "node:assert/strict";
import { DatabaseSync, StatementSync } from "node:sqlite";
import { after, describe, test } from "node:test";

import { SqliteBroker } from "../../../src/brokers/sqlite/sqlite-broker.ts";
import { BrokerError } from "../../../src/core/errors.ts";
import { JobMaker, testTask } from "../../../src/testing/conformance/test-cluster.ts";
import { FakeRuntime } from "../../../src/testing/fake-runtime.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const MOST = "9223372036854775807";
const UNREADABLE = "9007199254740993";
const BIG = [MOST, UNREADABLE, `-${UNREADABLE}`];

const folder = temporaryFolder();
after(() => {
  folder.remove();
});

const plain = testTask("plain", { maxRetries: 3 });
const limited = testTask("limited", { maxRetries: 3, maxConcurrency: 1 });
const periodic = testTask("periodic", { periodicity: 1000 });

/** A statement of another program, by what is wrong with it. */
const BAD: ReadonlyArray<readonly [what: string, sql: string]> = [
  ...BIG.flatMap((big): ReadonlyArray<readonly [string, string]> => [
    [`ready: seq ${big}`, `UPDATE spinach_ready SET seq = ${big} WHERE seq = 1`],
    [`ready: job ${big}`, `INSERT INTO spinach_ready VALUES (1, -5, ${big})`],
    [
      `future: at_ms ${big}`,
      `INSERT INTO spinach_future SELECT 1, ${big}, job FROM spinach_future`,
    ],
    [`future: job ${big}`, `INSERT INTO spinach_future VALUES (1, 1, ${big})`],
    [`parked: seq ${big}`, `UPDATE spinach_parked SET seq = ${big} WHERE seq = 1`],
    [`parked: job ${big}`, `INSERT INTO spinach_parked VALUES (1, 1, -5, ${big})`],
    [`running: job ${big}`, `INSERT INTO spinach_running SELECT id, ${big} FROM spinach_brokers`],
    [`jobs: id ${big}`, `INSERT INTO spinach_jobs VALUES (${big}, 1, 'plain', 'no job')`],
    [`limits: most ${big}`, `UPDATE spinach_limits SET most = ${big}`],
    [`limits: running ${big}`, `UPDATE spinach_limits SET running = ${big}`],
    [`limits: unstated ${big}`, `UPDATE spinach_limits SET unstated = ${big}`],
    [`limits: id ${big}`, `INSERT INTO spinach_limits VALUES (${big}, 1, 'other', 1, 0, 0)`],
    [
      `periodic: period ${big}`,
      `UPDATE spinach_periodic SET periodicity_ms = ${big}, next_at_ms = 1`,
    ],
    [`periodic: next ${big}`, `UPDATE spinach_periodic SET next_at_ms = ${big}`],
    [
      `periodic: retries ${big}`,
      `UPDATE spinach_periodic SET max_retries = ${big}, next_at_ms = 1`,
    ],
    [`periodic: unstated ${big}`, `UPDATE spinach_periodic SET unstated = ${big}`],
    [`queues: id ${big}`, `INSERT INTO spinach_queues VALUES (${big}, 1, 'other')`],
  ]),
  ["periodic: a period of 0", "UPDATE spinach_periodic SET periodicity_ms = 0, next_at_ms = 1"],
  ["periodic: a period below 0", "UPDATE spinach_periodic SET periodicity_ms = -1, next_at_ms = 1"],
  ["limits: of 0", "UPDATE spinach_limits SET most = 0"],
  ["limits: below 0 run", "UPDATE spinach_limits SET running = -3"],
  [
    "ready: a job twice",
    "INSERT INTO spinach_ready SELECT queue, -5, job FROM spinach_ready WHERE seq = 1",
  ],
  ["ready: a job that is not there", "INSERT INTO spinach_ready VALUES (1, -5, 12345)"],
  ["future: a job that is not there", "INSERT INTO spinach_future VALUES (1, 1, 12345)"],
  [
    "future: a job of an unknown queue",
    "INSERT INTO spinach_jobs VALUES (777, 777, 'plain', 'no job'); INSERT INTO spinach_future VALUES (1, 1, 777)",
  ],
  ["parked: a job that is not there", "INSERT INTO spinach_parked VALUES (1, 1, -5, 12345)"],
  [
    "parked: a job that is ready too",
    "INSERT INTO spinach_parked SELECT 1, queue, -5, job FROM spinach_ready WHERE seq = 1",
  ],
  [
    "running: of a job that is not there",
    "INSERT INTO spinach_running SELECT id, 12345 FROM spinach_brokers",
  ],
  ["quarantine: id", `INSERT INTO spinach_quarantine VALUES (${MOST}, 1, '', '', 1)`],
];

/** Nobody reads it, or the next registration puts it right. */
const HARMLESS = /^(?:limits: (?:most|unstated|of 0)|periodic: unstated|queues: id|jobs: id -)/v;

describe("SqliteBroker goes on whatever a row says, and keeps what it sets aside", () => {
  for (const [index, [what, sql]] of BAD.entries()) {
    test(what, async () => {
      const path = folder.file(`${index}.db`);
      const runtime = new FakeRuntime();
      const broker = SqliteBroker.alone(path);
      broker.bind({ namespace: "test", runtime });
      await broker.start();
      await broker.register([plain, limited, periodic]);
      const jobs = new JobMaker(runtime.clock);
      const first = jobs.make(limited);
      await broker.enqueue([first, jobs.make(limited), jobs.make(limited)]);
      const held = await broker.exchange({ outcomes: [], queues: ["spinach"], max: 10 });
      assert.equal(held.count, 1, "one of the limited ones, the others are parked");
      await broker.enqueue([jobs.make(plain), jobs.make(plain), jobs.make(plain)]);
      await broker.enqueue([jobs.make(plain, [], runtime.clock.now() + 1)]);
      const db = new DatabaseSync(path);
      db.exec(sql);
      const good = jobs.make(plain);
      await broker.enqueue([good]);
      await runtime.advance(5000);
      await broker.tick();
      await broker.register([plain, limited, periodic]);
      await broker.tick();
      const { jobs: taken } = await broker.exchange({
        outcomes: held.jobs.map((stored) => ({ kind: "succeeded", stored })),
        queues: ["spinach"],
        max: 100,
      });
      const ids = taken.map(({ job }) => job.id);
      assert.ok(ids.includes(good.job.id), "a good job is fetched");
      assert.equal(new Set(ids).size, ids.length, "each once");
      const rest = await broker.exchange({
        outcomes: taken.map((stored) => ({ kind: "succeeded", stored })),
        queues: ["spinach"],
        max: 100,
      });
      await broker.exchange({
        outcomes: rest.jobs.map((stored) => ({ kind: "succeeded", stored })),
        queues: ["spinach"],
        max: 100,
      });
      assert.equal(await broker.isQueueEmpty("spinach"), true);
      // What is held is read when its holder has died.
      await broker.rescue(broker.id);
      const count = (table: string): unknown =>
        db.prepare(`SELECT count(*) AS rows FROM ${table}`).get()?.["rows"];
      const left = ["ready", "parked", "running", "jobs"].map((table) => count(`spinach_${table}`));
      if (!HARMLESS.test(what)) {
        assert.deepEqual(left, [0, 0, 0, 0], "nothing is left behind");
        assert.notEqual(count("spinach_quarantine"), 0, "it is kept");
      }
      db.close();
      await broker.stop();
    });
  }

  test("a job that a broker held whose row is bad is taken over, once", async () => {
    const path = folder.file("holder.db");
    const runtime = new FakeRuntime();
    const brokers = [SqliteBroker.alone(path), SqliteBroker.alone(path)] as const;
    for (const broker of brokers) {
      broker.bind({ namespace: "test", runtime });
      await broker.start();
      await broker.register([plain]);
    }
    const [holder, other] = brokers;
    const jobs = new JobMaker(runtime.clock);
    const held = jobs.make(plain);
    await holder.enqueue([held]);
    await holder.exchange({ outcomes: [], queues: ["spinach"], max: 1 });
    const db = new DatabaseSync(path);
    const uuid = holder.id;
    db.prepare(`UPDATE spinach_brokers SET lease_ms = 0 WHERE uuid = ?`).run(uuid);
    // What is met by chance has the whole file looked at.
    db.exec("INSERT INTO spinach_ready VALUES (1, -5, 12345)");
    db.close();
    const taken = await other.exchange({ outcomes: [], queues: ["spinach"], max: 10 });
    assert.deepEqual(
      taken.jobs.map(({ job }) => [job.id, job.retries]),
      [[held.job.id, 1]],
    );
    await assert.rejects(
      holder.exchange({ outcomes: [], queues: ["spinach"], max: 1 }),
      BrokerError,
    );
    for (const broker of brokers) await broker.stop();
  });

  test("100,000 bad entries are told of once an exchange, and the quarantine is bounded", async () => {
    const path = folder.file("many.db");
    const runtime = new FakeRuntime();
    const broker = SqliteBroker.alone(path);
    broker.bind({ namespace: "test", runtime });
    await broker.start();
    await broker.register([plain]);
    const jobs = new JobMaker(runtime.clock);
    await broker.enqueue([jobs.make(plain)]);
    const db = new DatabaseSync(path);
    db.exec(`
      WITH RECURSIVE n (id) AS (SELECT 10 UNION ALL SELECT id + 1 FROM n WHERE id < 100009)
      INSERT INTO spinach_jobs SELECT id, 1, 'plain', 'no job' FROM n;
      INSERT INTO spinach_ready SELECT 1, id, id FROM spinach_jobs WHERE id >= 10`);
    let exchanges = 0;
    for (let more = true; more; exchanges += 1) {
      ({ more } = await broker.exchange({ outcomes: [], queues: ["spinach"], max: 1000 }));
    }
    const told = runtime.logger.lines.filter(({ message }) => message.includes("cannot be read"));
    assert.ok(told.length <= exchanges, `${told.length} lines`);
    const sum = (name: "jobs" | "dropped"): number =>
      told.reduce((total, { fields }) => {
        const counts: Partial<Record<string, unknown>> = { ...fields };
        return total + Number(counts[name]);
      }, 0);
    assert.equal(sum("jobs"), 100_000);
    assert.equal(sum("dropped"), 90_000);
    const kept = db.prepare("SELECT count(*) AS rows FROM spinach_quarantine").get()?.["rows"];
    assert.equal(kept, 10_000);
    db.close();
    await broker.stop();
  });

  test("what another program forbids has whole tables read once a minute, and hides no bad row", async (t) => {
    const path = folder.file("forbidden.db");
    const runtime = new FakeRuntime();
    const broker = SqliteBroker.alone(path);
    broker.bind({ namespace: "test", runtime });
    await broker.start();
    await broker.register([plain]);
    const jobs = new JobMaker(runtime.clock);
    await broker.enqueue([jobs.make(plain)]);
    using db = new DatabaseSync(path);
    db.exec(`CREATE TRIGGER forbids BEFORE INSERT ON spinach_jobs WHEN NEW.task = 'forbidden'
      BEGIN SELECT RAISE(ABORT, 'from the test'); END`);
    const run = t.mock.method(StatementSync.prototype, "run");
    const statements = async (call: () => Promise<unknown>): Promise<number> => {
      const before = run.mock.callCount();
      await call();
      return run.mock.callCount() - before;
    };
    const refused = (): Promise<void> =>
      assert.rejects(broker.enqueue([jobs.make(testTask("forbidden"))]), /from the test/v);
    const searching = await statements(refused);
    const more: number[] = [];
    for (let call = 0; call < 3; call += 1) more.push(await statements(refused));
    assert.ok(searching > 30, `${searching} statements search`);
    assert.ok(Math.max(...more) < 10, `${more.join(", ")} statements after that`);
    db.exec("INSERT INTO spinach_ready VALUES (1, -5, 12345)");
    const { count } = await broker.exchange({ outcomes: [], queues: ["spinach"], max: 10 });
    assert.equal(count, 1, "the search that found nothing was for another kind of call");
    await runtime.advance(60_000);
    assert.equal(await statements(refused), searching);
    await broker.stop();
  });
});
