/**
 * Schedules one job, has another SQLite library in this process close the file, and schedules another one. Prints
 * what becomes of each. Argument: the file. Needs `--expose-gc`: libsql closes a file when nothing refers to it.
 */
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import { Engine } from "../../../../src/index.ts";
import { SqliteBroker } from "../../../../src/sqlite.ts";
import { openElsewhere } from "../second-library.ts";

const [, , path = ""] = process.argv;
const spin = new Engine(new SqliteBroker(path));
spin.task("mail", { maxRetries: 5 }, () => undefined);

async function schedule(): Promise<string> {
  try {
    await spin.schedule("mail");
    return "acknowledged";
  } catch (error) {
    return String(error);
  }
}

function readAndClose(): void {
  const db = openElsewhere(path);
  db?.exec("SELECT count(*) FROM sqlite_schema");
  db?.close();
}

console.log(await schedule());
readAndClose();
while (existsSync(`${path}-wal`)) {
  globalThis.gc?.();
  await sleep(10);
}
console.log(await schedule());
