/** Kills processes that schedule and run jobs on one file at random moments, then checks what they left. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";

import { seededRandom } from "../../../src/testing/seeded-random.ts";
import { until, within } from "../../../src/testing/waits.ts";
import { LIMIT } from "./programs/ledger.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** Processes at once. */
const PROCESSES = 3;

/** A process lives for a time between these after it has started its first job, in ms. */
const LIFE_MS = { min: 0, max: 400 };

const PROGRAM = join(import.meta.dirname, "programs/ledger-worker.ts");

/** What the run came to. */
export interface KillReport {
  readonly kills: number;
  readonly scheduled: number;
  readonly started: number;
  readonly ended: number;
  /** Jobs of the at-most-once task that a kill cut short. */
  readonly cutShort: number;
}

/**
 * @param kills - how many
 * @param seed - of the moments; the processes' own chance is not in it
 */
export async function killAtRandom(kills: number, seed: number): Promise<KillReport> {
  const folder = temporaryFolder();
  const path = folder.file("jobs.db");
  const ledger = folder.file("ledger");
  const random = seededRandom(seed);
  const db = new DatabaseSync(path);
  db.exec("PRAGMA journal_mode = WAL; CREATE TABLE orders (key TEXT PRIMARY KEY) STRICT");
  db.close();
  writeFileSync(ledger, "");
  let left = kills;
  const liveAndDie = async (place: number): Promise<void> => {
    for (let life = 1; left > 0; life += 1) {
      left -= 1;
      const child = await start(path, ledger, `p${place}-${life}`);
      await sleep(LIFE_MS.min + random() * (LIFE_MS.max - LIFE_MS.min));
      await end(child, "SIGKILL");
    }
  };
  try {
    await Promise.all(Array.from({ length: PROCESSES }, (_, place) => liveAndDie(place)));
    await drain(path, ledger);
    return check(path, ledger, kills);
  } finally {
    folder.remove();
  }
}

async function start(path: string, ledger: string, ...args: string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [PROGRAM, path, ledger, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await within(`${args.join(" ")} has started`, once(child.stdout, "data"));
  return child;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const exited = once(child, "exit");
  child.kill(signal);
  await within(`a process ends after ${signal}`, exited);
}

/** One more process runs what is left, and takes the dead ones out of the cluster. */
async function drain(path: string, ledger: string): Promise<void> {
  const child = await start(path, ledger, "drain", "drain");
  const db = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
  const left = db.prepare(
    "SELECT (SELECT count(*) FROM spinach_jobs) + (SELECT count(*) FROM spinach_brokers) AS left",
  );
  // Itself.
  await until("all jobs have ended, and the dead are gone", () => left.get()?.["left"] === 1);
  db.close();
  await end(child, "SIGTERM");
}

interface Line {
  readonly event: string;
  readonly task: string;
  readonly key: string;
}

function check(path: string, ledger: string, kills: number): KillReport {
  const lines: readonly Line[] = readFileSync(ledger, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [event = "", task = "", key = ""] = line.split(" ");
      return { event, task, key };
    });
  const counts = {
    scheduled: countBy(lines, "scheduled"),
    start: countBy(lines, "start"),
    end: countBy(lines, "end"),
  };
  for (const [key, task] of counts.scheduled.tasks) {
    const starts = counts.start.times.get(key) ?? 0;
    if (task === "once") assert.ok(starts <= 1, `${key} ran ${starts} times`);
    else assert.ok(counts.end.times.has(key), `${task} ${key} was lost`);
  }
  for (const [key, task] of counts.start.tasks) {
    if (task === "once") assert.equal(counts.start.times.get(key), 1, key);
  }
  const db = new DatabaseSync(path);
  const orders = db
    .prepare("SELECT key FROM orders")
    .all()
    .map(({ key }) => String(key));
  checkOrders(orders, counts);
  assert.deepEqual({ ...db.prepare("PRAGMA integrity_check").get() }, { integrity_check: "ok" });
  for (const place of ["jobs", "ready", "future", "parked", "running", "quarantine", "brokers"]) {
    const left = db.prepare(`SELECT count(*) AS left FROM spinach_${place}`).get();
    assert.deepEqual({ ...left }, { left: 0 }, place);
  }
  const limit = db.prepare("SELECT most, running FROM spinach_limits").get();
  assert.deepEqual({ ...limit }, { most: LIMIT, running: 0 });
  db.close();
  const atMostOnce = [...counts.start.tasks].filter(([, task]) => task === "once");
  return {
    kills,
    scheduled: counts.scheduled.times.size,
    started: counts.start.times.size,
    ended: counts.end.times.size,
    cutShort: atMostOnce.filter(([key]) => !counts.end.times.has(key)).length,
  };
}

interface Counts {
  readonly times: ReadonlyMap<string, number>;
  readonly tasks: ReadonlyMap<string, string>;
}

function countBy(lines: readonly Line[], event: string): Counts {
  const times = new Map<string, number>();
  const tasks = new Map<string, string>();
  for (const { key, task } of lines.filter((line) => line.event === event)) {
    times.set(key, (times.get(key) ?? 0) + 1);
    tasks.set(key, task);
  }
  return { times, tasks };
}

/** An order that was committed was worked on, and one that was not, never: there is no "scheduled" line of either. */
function checkOrders(
  orders: readonly string[],
  counts: { readonly scheduled: Counts; readonly end: Counts },
): void {
  for (const key of orders) assert.ok(counts.end.times.has(key), `the order ${key} was lost`);
  const known = new Set([...orders, ...counts.scheduled.times.keys()]);
  const unknown = [...counts.end.times.keys()].filter((key) => !known.has(key));
  // Killed between the commit and the line: three jobs of a batch and one of the future, at most.
  const killed = new Set(unknown.map((key) => key.split(".")[0]));
  for (const name of killed) {
    const ofOne = unknown.filter((key) => key.startsWith(`${name}.`));
    assert.ok(ofOne.length <= 4, `jobs from nowhere: ${ofOne.join(", ")}`);
  }
}
