/** Real worker processes that are killed, or whose event loop blocks. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { Batch } from "../../../src/core/batch.ts";
import { until, within } from "../../../src/testing/waits.ts";
import { type EngineBench, engineBench } from "./engine-bench.ts";
import { inspect, type Inspector } from "./inspector.ts";
import { startRedis, type TestRedis } from "./redis-server.ts";

/** Jobs of each task that the victim holds, and those parked behind the limit of its limited tasks. */
const HELD = { retried: 60, "retried, limited": 40, once: 60, "once, limited": 40 };
const PARKED = 20;

let redis: TestRedis;
let inspector: Inspector;
const children: ChildProcess[] = [];

before(async () => {
  redis = await startRedis();
  inspector = await inspect(redis.url);
});
after(async () => {
  for (const child of children) child.kill("SIGKILL");
  inspector.close();
  await redis.stop();
});

/** A line of the ledger; its order is that of Redis. */
interface Entry {
  readonly event: string;
  readonly task: string;
  readonly index: number;
  /** Of the process. */
  readonly name: string;
  /** Epoch ms. */
  readonly atMs: number;
}

function ledgerOf(namespace: string): string {
  return `ledger of ${namespace}`;
}

async function entries(namespace: string): Promise<readonly Entry[]> {
  const lines = (await inspector.call("LRANGE", ledgerOf(namespace), "0", "-1")) as string[];
  return lines.map((line) => JSON.parse(line) as Entry);
}

interface WorkerProcess {
  /** Resolves once it has ended. */
  end(signal: NodeJS.Signals): Promise<void>;
  /** What it has printed, and logged. */
  readonly output: string;
}

/** Resolves when its workers run. */
async function startProcess(
  namespace: string,
  name: string,
  lease: number,
): Promise<WorkerProcess> {
  const program = join(import.meta.dirname, "programs/ledger-worker.ts");
  const args = [program, redis.url, namespace, ledgerOf(namespace), name, String(lease)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output += String(chunk);
    });
  }
  await until(`${name} is ready`, () => output.includes("ready"));
  return {
    end: async (signal) => {
      const exited = once(child, "exit");
      child.kill(signal);
      await within(`${name} ends after ${signal}`, exited);
    },
    get output() {
      return output;
    },
  };
}

/** Only schedules: it knows the tasks by their options. */
function producer(namespace: string): EngineBench {
  const bench = engineBench(redis.url, { namespace });
  const nothing = (): void => undefined;
  bench.spin.task("retried", { maxRetries: 3 }, nothing);
  bench.spin.task("retried, limited", { maxRetries: 3, maxConcurrency: 40 }, nothing);
  bench.spin.task("once", nothing);
  bench.spin.task("once, limited", { maxConcurrency: 40 }, nothing);
  bench.spin.task("block", { maxRetries: 3 }, nothing);
  return bench;
}

async function scheduleAll({ spin }: EngineBench): Promise<void> {
  const batch = new Batch();
  for (const [task, held] of Object.entries(HELD)) {
    const parked = task.endsWith("limited") ? PARKED : 0;
    for (let index = 0; index < held + parked; index += 1) batch.schedule(task, index);
  }
  await spin.scheduleBatch(batch);
}

async function counters(namespace: string): Promise<Record<string, string>> {
  const reply = await inspector.call("HGETALL", `${namespace}/_current_concurrency`);
  return { ...(reply as Record<string, string>) };
}

/** Walks the ledger in the order of Redis; what the victim ran ended with it, and is not in it after. */
function mostAtOnce(ledger: readonly Entry[], task: string): number {
  let running = 0;
  let most = 0;
  for (const { event } of ledger.filter((entry) => entry.task === task)) {
    running += event === "start" ? 1 : -1;
    most = Math.max(most, running);
  }
  return most;
}

describe("processes on Redis", { concurrency: true }, () => {
  test("[G7] 200 jobs of a process that is killed: half run elsewhere within 15 s, half never", async (t) => {
    const namespace = "killed";
    await using it = producer(namespace);
    await scheduleAll(it);
    const victim = await startProcess(namespace, "victim", 10_000);
    await until("it holds 200 jobs", async () => (await entries(namespace)).length === 200);
    const heir = await startProcess(namespace, "heir", 10_000);
    const earlier = await entries(namespace);
    assert.deepEqual(await counters(namespace), {
      "retried, limited": "40",
      "once, limited": "40",
    });
    const killedAtMs = Date.now();
    await victim.end("SIGKILL");

    // What was parked had never started: it runs too.
    const toRun = 100 + 2 * PARKED;
    await until("all that may run has", async () => {
      const ledger = await entries(namespace);
      return ledger.filter(({ event, name }) => event === "end" && name === "heir").length >= toRun;
    });
    await nothingHeld(namespace);
    assert.match(
      heir.output,
      /took over the jobs.*reenqueued: 100,\s+failed: \[\s+\{\s+job: '[^']+',\s+task: 'once/sv,
    );
    const ledger = await entries(namespace);
    const held = new Set(earlier.map(({ task, index }) => `${task} ${index}`));
    const heirs = ledger.filter(({ event, name }) => event === "start" && name === "heir");
    const again = heirs.filter(({ task, index }) => held.has(`${task} ${index}`));
    assert.equal(heirs.length, toRun);
    assert.equal(again.length, 100);
    assert.ok(again.every(({ task }) => task.startsWith("retried")));
    assert.equal(new Set(heirs.map(({ task, index }) => `${task} ${index}`)).size, toRun);
    const tookMs = Math.max(...again.map(({ atMs }) => atMs)) - killedAtMs;
    t.diagnostic(`all runs elsewhere ${tookMs} ms after the kill`);
    assert.ok(tookMs < 15_000, `took ${tookMs} ms`);

    assert.deepEqual(await counters(namespace), { "retried, limited": "0", "once, limited": "0" });
    const heirsLedger = ledger.slice(earlier.length);
    for (const task of ["retried, limited", "once, limited"]) {
      assert.ok(mostAtOnce(earlier, task) <= 40 && mostAtOnce(heirsLedger, task) <= 40);
    }
    assert.equal((await brokersOf(namespace)).length, 1, "only the heir is left");
    for (const queue of ["spinach", "_future-jobs", "_parked-jobs"]) {
      assert.equal(await inspector.call("EXISTS", `${namespace}/${queue}`), 0, queue);
    }
  });

  // The same ratio as a block of 60 s with the default lease of 10 s.
  test("[G6] a task that blocks the event loop for six leases runs once, and the process keeps its id", async () => {
    const namespace = "blocked";
    const lease = 1000;
    await using it = producer(namespace);
    const blocker = await startProcess(namespace, "blocker", lease);
    await it.spin.schedule("block", 6 * lease);
    await until("it blocks", async () => (await entries(namespace)).length === 1);
    const heir = await startProcess(namespace, "heir", lease);
    await until("both have joined", async () => (await brokersOf(namespace)).length === 2);
    const brokers = await brokersOf(namespace);
    await until("it has ended", async () => (await entries(namespace)).length > 1);
    await nothingHeld(namespace);
    assert.deepEqual(await brokersOf(namespace), brokers);
    await Promise.all([blocker.end("SIGTERM"), heir.end("SIGTERM")]);
    const events = (await entries(namespace)).map(({ event, name }) => [event, name]);
    assert.deepEqual(events, [
      ["start", "blocker"],
      ["end", "blocker"],
    ]);
  });
});

async function brokersOf(namespace: string): Promise<readonly string[]> {
  const ids = (await inspector.call(
    "ZRANGE",
    `${namespace}/_all_brokers_zset`,
    "0",
    "-1",
  )) as string[];
  return ids.toSorted();
}

async function nothingHeld(namespace: string): Promise<void> {
  await until("nothing is held", async () => {
    const keys = await inspector.keys(namespace);
    return !keys.some((key) => key.includes("/_running-jobs-on-broker-"));
  });
}
