import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { after, describe, test } from "node:test";

import { MAX_BYTES_PER_CALL } from "../../../src/brokers/broker.ts";
import { SqliteBroker } from "../../../src/brokers/sqlite/sqlite-broker.ts";
import type { StoredJob } from "../../../src/core/job.ts";
import { JobMaker, testTask } from "../../../src/testing/conformance/test-cluster.ts";
import { FakeRuntime } from "../../../src/testing/fake-runtime.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const LIMIT = { timeout: 60_000 };
const QUEUES = ["spinach"];
const MIB = 1024 * 1024;

const folder = temporaryFolder();
after(() => {
  folder.remove();
});
const plain = testTask("plain");
const limited = testTask("limited", { maxConcurrency: 1 });
let files = 0;

interface Bench extends AsyncDisposable {
  readonly path: string;
  readonly broker: SqliteBroker;
  readonly jobs: JobMaker;
  readonly take: (settled?: readonly StoredJob[]) => Promise<readonly StoredJob[]>;
}

async function startedBroker(): Promise<Bench> {
  files += 1;
  const runtime = new FakeRuntime();
  const path = folder.file(`${files}.db`);
  const broker = SqliteBroker.alone(path);
  broker.bind({ namespace: "test", runtime });
  await broker.start();
  const jobs = new JobMaker(runtime.clock);
  return {
    path,
    broker,
    jobs,
    take: async (settled = []) => {
      const outcomes = settled.map((stored) => ({ kind: "succeeded", stored }) as const);
      return (await broker.exchange({ outcomes, queues: QUEUES, max: 100 })).jobs;
    },
    [Symbol.asyncDispose]: () => broker.stop(),
  };
}

function bytesOf(jobs: readonly StoredJob[]): number {
  return jobs.reduce((bytes, { wire }) => bytes + wire.length, 0);
}

const ids = (jobs: readonly StoredJob[]): readonly string[] => jobs.map(({ job }) => job.id);

describe("SqliteBroker bounds by bytes what it reads", () => {
  for (const { name, size, count } of [
    { name: "10 MB", size: 10 * MIB, count: 4 },
    { name: "100 KB", size: 100_000, count: 40 },
    { name: "2 KB", size: 2000, count: 1200 },
  ]) {
    test(
      `exchange() of jobs of ${name} brings few at once, in order, and says that there are more`,
      LIMIT,
      async () => {
        await using bench = await startedBroker();
        const made = Array.from({ length: count }, () =>
          bench.jobs.make(plain, ["x".repeat(size)]),
        );
        for (const job of made) await bench.broker.enqueue([job]);
        const taken: string[] = [];
        let more = true;
        while (more) {
          const reply = await bench.broker.exchange({ outcomes: [], queues: QUEUES, max: 1000 });
          ({ more } = reply);
          assert.ok(
            reply.count <= 1 || bytesOf(reply.jobs) <= MAX_BYTES_PER_CALL,
            `${reply.count}`,
          );
          assert.ok(reply.count > 0 || !more, "it brought nothing, and there are more");
          taken.push(...ids(reply.jobs));
        }
        assert.deepEqual(taken, ids(made));
      },
    );
  }

  test(
    "exchange() of jobs that are parked behind a limit reads no more of them than fit",
    LIMIT,
    async () => {
      await using bench = await startedBroker();
      await bench.broker.register([limited]);
      const made = Array.from({ length: 5 }, () => bench.jobs.make(limited, ["x".repeat(MIB)]));
      for (const job of made) await bench.broker.enqueue([job]);
      const taken: StoredJob[] = [];
      for (let calls = 0; calls < 30; calls += 1) {
        const jobs = await bench.take(taken.slice(-1));
        assert.ok(jobs.length <= 1, "more than the limit allows");
        taken.push(...jobs);
      }
      assert.deepEqual(ids(taken), ids(made));
    },
  );

  test(
    "reconcile() sets a held job aside that nobody can read, and gives the others",
    LIMIT,
    async () => {
      await using bench = await startedBroker();
      await bench.broker.register([limited]);
      const made = Array.from({ length: 2 }, () => bench.jobs.make(plain));
      await bench.broker.enqueue([...made, bench.jobs.make(limited)]);
      while ((await bench.take()).length > 0);
      const db = new DatabaseSync(bench.path);
      const [broken, , alsoBroken] = db.prepare("SELECT id FROM spinach_jobs ORDER BY id").all();
      for (const row of [broken, alsoBroken]) {
        db.prepare("UPDATE spinach_jobs SET wire = 'rubbish' WHERE id = ?").run(
          Number(row?.["id"]),
        );
      }
      db.close();
      const request = { queues: QUEUES, known: new Set<string>() };
      assert.deepEqual(ids(await bench.broker.reconcile(request)), [made[1]?.job.id]);
      const next = bench.jobs.make(limited);
      await bench.broker.enqueue([next]);
      assert.deepEqual(ids(await bench.take()), [next.job.id], "its place is free");
    },
  );

  test("reconcile() reads the jobs only that the process does not know", LIMIT, async () => {
    await using bench = await startedBroker();
    const made = Array.from({ length: 3 }, () => bench.jobs.make(plain, ["x".repeat(MIB)]));
    await bench.broker.enqueue(made);
    for (const job of made) assert.deepEqual(ids(await bench.take()), [job.job.id]);
    const [first, second, third] = ids(made);
    const known = new Set([first ?? "", third ?? ""]);
    assert.deepEqual(ids(await bench.broker.reconcile({ queues: QUEUES, known })), [second]);
    assert.deepEqual(
      await bench.broker.reconcile({ queues: QUEUES, known: new Set(ids(made)) }),
      [],
    );
  });
});
