/**
 * Opens a file as a user who may read it and its folder, and write neither. Arguments: the file, and "closed" if that
 * user may not even enter the folder.
 */
import { chmodSync, existsSync } from "node:fs";
import { dirname } from "node:path";

import { Engine } from "../../../../src/index.ts";
import { SqliteBroker } from "../../../../src/sqlite.ts";

const [, , path = "", how = ""] = process.argv;
// Loaded before: nobody may not read this repository.
await import("node:sqlite");
if (existsSync(path)) chmodSync(path, 0o444);
chmodSync(dirname(dirname(path)), 0o755);
chmodSync(dirname(path), how === "closed" ? 0o600 : 0o555);
const NOBODY = 65_534;
if (process.getuid?.() === 0) {
  process.setgid?.(NOBODY);
  process.setuid?.(NOBODY);
}
const spin = new Engine(new SqliteBroker(path));
spin.task("noop", () => undefined);
try {
  await spin.schedule("noop");
  console.log("it was written");
} catch (error) {
  console.log(String(error));
}
