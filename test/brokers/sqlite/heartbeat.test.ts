/** Who is taken for dead, on a clock that the test owns: the file is real, the processes are not. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";

import { Heartbeat } from "../../../src/brokers/sqlite/heartbeat.ts";
import { OpenFile } from "../../../src/brokers/sqlite/open-file.ts";
import { checkSqliteBrokerOptions } from "../../../src/brokers/sqlite/sqlite-broker-options.ts";
import { SqliteBroker } from "../../../src/brokers/sqlite/sqlite-broker.ts";
import { BrokerError } from "../../../src/core/errors.ts";
import { type ProcessIdentity, thisProcess } from "../../../src/platform/process-identity.ts";
import { JobMaker, testTask } from "../../../src/testing/conformance/test-cluster.ts";
import { FakeRuntime } from "../../../src/testing/fake-runtime.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const LEASE_MS = 3000;
const retried = testTask("retried", { maxRetries: 3 });
const folder = temporaryFolder();
after(() => {
  folder.remove();
});

interface Bench extends AsyncDisposable {
  readonly runtime: FakeRuntime;
  /** Holds a job; its heartbeat is `heart`. */
  readonly holder: SqliteBroker;
  readonly heart: Heartbeat;
  /** Watches the holder. */
  readonly watcher: Heartbeat;
  /** What was seen: `rescued` and a broker, `lost`, `failed`. */
  readonly events: readonly string[];
  /** How often somebody has written that it is alive. */
  beats(): number;
  /** How often a sweep has looked whether the log of the file must be shortened. */
  logLooks(): number;
  /** The holder takes a job. */
  take(): Promise<void>;
  /** Each write takes so long from now on, in ms. */
  slowDown(ms: number): void;
  /** Nothing can be read or written from now on, or everything again. */
  breakFile(isBroken: boolean): void;
  /** The watcher's next write for this fails. */
  failOnce(what: string): void;
  /** Whose process is dead. */
  readonly dead: Set<string>;
}

let files = 0;

interface BenchOptions {
  /** Whether the holder holds a job from the start. @defaultValue true */
  readonly holds?: boolean;
  /** Brokers beside these two that hold a job, and never beat. @defaultValue 0 */
  readonly silent?: number;
}

async function bench({ holds = true, silent = 0 }: BenchOptions = {}): Promise<Bench> {
  files += 1;
  const path = folder.file(`${files}.db`);
  const runtime = new FakeRuntime();
  const events: string[] = [];
  const dead = new Set<string>();
  const opened: OpenFile[] = [];
  let slowMs = 0;
  let isBroken = false;
  let failsOnce = "";
  let beats = 0;
  let logLooks = 0;
  const brokers = [SqliteBroker.alone(path), SqliteBroker.alone(path)] as const;
  const silentOnes = Array.from({ length: silent }, () => SqliteBroker.alone(path));
  for (const broker of [...brokers, ...silentOnes]) {
    broker.bind({ namespace: "test", runtime });
    await broker.start();
    await broker.register([]);
  }
  const heartOf = async (broker: SqliteBroker, name: string): Promise<Heartbeat> => {
    const options = checkSqliteBrokerOptions({ lease: LEASE_MS });
    const file = await OpenFile.open({ path, namespace: "test", runtime, options });
    opened.push(file);
    const heart = new Heartbeat({
      file: {
        read: async (what, body) => {
          if (isBroken) throw new BrokerError(`${what}: from the test`);
          return file.read(what, body);
        },
        write: async (what, body) => {
          if (what === "a heartbeat") beats += 1;
          if (isBroken || (what === failsOnce && name === "watcher")) {
            failsOnce = "";
            throw new BrokerError(`${what}: from the test`);
          }
          if (slowMs > 0) {
            const { promise, resolve } = Promise.withResolvers<void>();
            runtime.timers.set(resolve, slowMs);
            await promise;
          }
          return file.write(what, body);
        },
        shortenLog: () => {
          logLooks += 1;
          return file.shortenLog();
        },
      },
      runtime,
      leaseMs: LEASE_MS,
      isProcessAlive: () => true,
      isDead: ({ machine }: ProcessIdentity) => dead.has(machine),
      listener: {
        lost: () => events.push(`${name} lost`),
        rescued: (id, { reenqueued }) =>
          events.push(`${name} rescued ${reenqueued} of ${id === brokers[0].id ? "holder" : id}`),
        failed: () => events.push(`${name} failed`),
        heard: () => undefined,
        warned: () => undefined,
        connected: () => undefined,
        disconnected: () => undefined,
      },
    });
    await heart.join(broker.id);
    return heart;
  };
  const jobs = new JobMaker(runtime.clock);
  const take = async (broker: SqliteBroker): Promise<void> => {
    await broker.enqueue([jobs.make(retried)]);
    await broker.exchange({ outcomes: [], queues: ["spinach"], max: 1 });
  };
  if (holds) await take(brokers[0]);
  for (const broker of silentOnes) await take(broker);
  const heart = await heartOf(brokers[0], "heart");
  const watcher = await heartOf(brokers[1], "watcher");
  return {
    runtime,
    holder: brokers[0],
    heart,
    watcher,
    events,
    dead,
    take: () => take(brokers[0]),
    beats: () => beats,
    logLooks: () => logLooks,
    slowDown: (ms) => {
      slowMs = ms;
    },
    breakFile: (broken) => {
      isBroken = broken;
    },
    failOnce: (what) => {
      failsOnce = what;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([heart.leave(), watcher.leave()]);
      for (const file of opened) file.close();
      for (const broker of [...brokers, ...silentOnes]) await broker.stop();
      assert.equal(runtime.pendingTimers, 0);
    },
  };
}

describe("the heartbeat on SQLite", () => {
  test("[G6] a broker that beats is never taken for dead", async () => {
    await using it = await bench();
    await it.runtime.advance(20 * LEASE_MS);
    assert.deepEqual(it.events, []);
  });

  test("[G6] one that stands idle is never taken for dead, and beats seldom", async () => {
    await using it = await bench({ holds: false });
    await it.runtime.advance(3_600_000);
    assert.deepEqual(it.events, []);
    // Two brokers, each every two minutes.
    assert.ok(it.beats() <= 60, `${it.beats()} writes in an hour`);
  });

  test("[G7] one that is silent for its lease is, and learns it", async () => {
    await using it = await bench();
    await it.heart.leave();
    await it.runtime.advance(LEASE_MS - 1);
    assert.deepEqual(it.events, []);
    await it.runtime.advance(2000);
    assert.deepEqual(it.events, ["watcher rescued 1 of holder"]);
    await it.heart.join(it.holder.id);
    await it.runtime.advance(LEASE_MS);
    assert.deepEqual(it.events.slice(1), ["heart lost"]);
  });

  test("[G7] one whose process is gone is taken for dead at the next look", async () => {
    await using it = await bench();
    await it.heart.leave();
    it.dead.add(thisProcess().machine);
    await it.runtime.advance(1000);
    assert.deepEqual(it.events, ["watcher rescued 1 of holder"]);
  });

  test("[G7] a file that nobody can write in time is nobody's death", async () => {
    await using it = await bench();
    it.slowDown(1000);
    await it.heart.leave();
    await it.runtime.advance(5 * LEASE_MS);
    assert.deepEqual(it.events, []);
    it.slowDown(0);
    await it.runtime.advance(2 * LEASE_MS);
    assert.deepEqual(it.events, ["watcher rescued 1 of holder"]);
  });

  test("[G7] a clock that is set forward or back kills nobody", async () => {
    await using it = await bench();
    for (const ms of [86_400_000, -2 * 86_400_000, 3_600_000]) {
      it.runtime.jump(ms);
      await it.runtime.advance(2 * LEASE_MS);
    }
    assert.deepEqual(it.events, []);
  });

  test("[G7] a machine that slept gives everybody a whole lease", async () => {
    await using it = await bench();
    await it.heart.leave();
    await it.runtime.advance(LEASE_MS - 500);
    // The monotonic clock stands still while it sleeps.
    it.runtime.jump(3_600_000);
    await it.runtime.advance(LEASE_MS - 500);
    assert.deepEqual(it.events, []);
    await it.runtime.advance(LEASE_MS);
    assert.deepEqual(it.events, ["watcher rescued 1 of holder"]);
  });

  test("[G6] [G8] one that was idle for long and takes a job is not taken for dead before its next beat", async () => {
    await using it = await bench({ holds: false });
    await it.runtime.advance(10 * LEASE_MS);
    await it.take();
    await it.watcher.sweep();
    assert.deepEqual(it.events, []);
  });

  test("[G7] after a time in which nobody could use the file, the silence in it counts for nobody", async () => {
    await using it = await bench();
    await it.runtime.advance(LEASE_MS);
    it.breakFile(true);
    await it.runtime.advance(2 * LEASE_MS);
    it.breakFile(false);
    // Before the holder has had the time to beat.
    await it.watcher.sweep();
    assert.deepEqual(new Set(it.events), new Set(["heart failed", "watcher failed"]));
  });

  test("[G7] one whose jobs cannot be taken over keeps no other waiting", async () => {
    await using it = await bench({ holds: false, silent: 2 });
    await it.heart.leave();
    it.failOnce("taking jobs over");
    await it.runtime.advance(LEASE_MS + 1000);
    const rescued = it.events.filter((event) => event.includes("rescued"));
    assert.deepEqual([it.events[0], rescued.length], ["watcher failed", 1]);
    await it.runtime.advance(LEASE_MS + 1000);
    assert.equal(it.events.filter((event) => event.includes("rescued")).length, 2);
  });

  test("each sweep has the log of the file shortened where that is needed, also an idle process'", async () => {
    await using it = await bench({ holds: false });
    const before = it.logLooks();
    await it.watcher.sweep();
    assert.equal(it.logLooks(), before + 1);
  });
});
