/** A module that a thread never gets to the end of, for as long as a file is not there (30 s at most). */
import { execFileSync } from "node:child_process";
import { isMainThread } from "node:worker_threads";

import { Tasks } from "spinach";

export const tasks: Tasks = new Tasks({ module: import.meta.url });
tasks.task("noop", () => undefined);

if (!isMainThread) {
  const wait = 'for i in $(seq 600); do if [ -e "$0" ]; then exit; fi; sleep 0.05; done';
  execFileSync("sh", ["-c", wait, process.env["SPINACH_TEST_END"] ?? ""]);
}
