import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const SPINACH = new URL("../../../src/index.ts", import.meta.url).href;

const TASKS = `
import { Tasks } from "${SPINACH}";
export const tasks = new Tasks({ module: "some-tasks" });
export const shout = tasks.task("shout", (text) => {
  process.stdout.write(text.toUpperCase() + "\\n");
});
`;

const PROGRAM = `
import { Engine, MemoryBroker, ThreadWorkers } from "${SPINACH}";
import { shout, tasks } from "some-tasks";
const spin = new Engine(new MemoryBroker());
spin.attachTasks(tasks);
await spin.schedule(shout, "heard");
await spin.run({ workers: new ThreadWorkers({ number: 1 }), stopWhenQueueEmpty: true });
`;

test("ThreadWorkers runs tasks of a package that is installed where the program is", () => {
  const folder = mkdtempSync(join(tmpdir(), "spinach-package-"));
  try {
    const home = join(folder, "node_modules/some-tasks");
    mkdirSync(home, { recursive: true });
    const about = { name: "some-tasks", type: "module", exports: "./tasks.js" };
    writeFileSync(join(home, "package.json"), JSON.stringify(about));
    writeFileSync(join(home, "tasks.js"), TASKS);
    writeFileSync(join(folder, "program.mjs"), PROGRAM);
    const { stdout, stderr, status } = spawnSync(process.execPath, [join(folder, "program.mjs")], {
      encoding: "utf8",
    });
    assert.deepEqual([stdout, stderr, status], ["HEARD\n", "", 0]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
