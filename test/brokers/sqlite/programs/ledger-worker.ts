/**
 * A process that schedules and runs jobs on one file until it is killed, and keeps a ledger: a line for each
 * thing that happened, written before the next begins. Arguments: the file, the ledger, its own name, and
 * `drain` to schedule nothing and end when no job is left.
 */
import { appendFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

import { AsyncWorkers, Batch, Engine } from "../../../../src/index.ts";
import { SqliteBroker } from "../../../../src/sqlite.ts";
import { LIMIT, SLOTS } from "./ledger.ts";

const [, , path = "", ledger = "", name = "", then = ""] = process.argv;
const nothing = (): void => undefined;
const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const spin = new Engine(new SqliteBroker(path, { lease: 1000 }), { logger });
let made = 0;

/** One write, appended whole: processes that write at once do not mix their lines. */
function note(...words: readonly string[]): void {
  appendFileSync(ledger, `${words.join(" ")}\n`);
}

function newKey(): string {
  made += 1;
  return `${name}.${made}`;
}

function run(task: string) {
  return async (key: string): Promise<void> => {
    note("start", task, key, name);
    await new Promise<void>((resolve) => {
      setTimeout(resolve, Math.random() * 5);
    });
    note("end", task, key, name);
  };
}

// A kill is a failed attempt: enough of them for the unluckiest job.
const RETRIED = { maxRetries: 1000 };
const tasks = [
  spin.task("retried", RETRIED, run("retried")),
  spin.task("once", run("once")),
  spin.task("limited", { ...RETRIED, maxConcurrency: LIMIT }, run("limited")),
];

async function scheduleOnce(): Promise<void> {
  const keys = tasks.map(() => newKey());
  const batch = new Batch();
  for (const [index, task] of tasks.entries()) batch.schedule(task, keys[index] ?? "");
  await spin.scheduleBatch(batch);
  for (const [index, task] of tasks.entries()) note("scheduled", task.taskName, keys[index] ?? "");
}

async function scheduleSoon(): Promise<void> {
  const key = newKey();
  await spin.scheduleAt("retried", new Date(Date.now() + Math.random() * 300), key);
  note("scheduled", "retried", key);
}

/** The application's own row and the job are one. */
function scheduleWithOrder(db: DatabaseSync): void {
  const key = newKey();
  db.exec("BEGIN IMMEDIATE");
  db.prepare("INSERT INTO orders (key) VALUES (?)").run(key);
  spin.inTransaction(db).schedule("retried", key);
  db.exec(Math.random() < 0.5 ? "COMMIT" : "ROLLBACK");
}

async function keepScheduling(): Promise<void> {
  const db = new DatabaseSync(path, { timeout: 5000 });
  for (;;) {
    await Promise.all([scheduleOnce(), scheduleSoon()]);
    scheduleWithOrder(db);
    await new Promise<void>((resolve) => {
      setTimeout(resolve, Math.random() * 3);
    });
  }
}

// Who is killed has worked: before its first job a process only starts.
let isReady = then === "drain";
if (isReady) console.log("ready");
spin.on("jobStarted", () => {
  if (!isReady) console.log("ready");
  isReady = true;
});
const workers = new AsyncWorkers({ number: SLOTS });
if (then === "drain") {
  const running = await spin.startWorkers({ workers });
  process.once("SIGTERM", () => void running.stop());
  await running.finished;
  await spin.close();
} else {
  await spin.startWorkers({ workers });
  await keepScheduling();
}
