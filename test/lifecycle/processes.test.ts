import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";

import { within } from "../../src/testing/waits.ts";
import { temporaryFolder } from "../brokers/sqlite/temporary-folder.ts";

const PROCESSES = 50;
const STEP_MS = 10;

/** On a machine that is busy; a process that does not end never does. */
const LIMIT_MS = 120_000;

const folder = temporaryFolder();
after(() => {
  folder.remove();
});

test(
  `[G15] ${PROCESSES} processes that start at once on one file, each closed in the middle, all end`,
  { timeout: 2 * LIMIT_MS },
  async () => {
    const path = folder.file("crowd.db");
    const program = join(import.meta.dirname, "programs/start-and-close.ts");
    const children = Array.from({ length: PROCESSES }, (_, index) =>
      spawn(
        process.execPath,
        ["--conditions=spinach-source", program, path, `${index * STEP_MS}`],
        {
          stdio: "inherit",
        },
      ),
    );
    try {
      await within(
        "all processes to end by themselves",
        Promise.all(children.map((child) => once(child, "exit"))),
        LIMIT_MS,
      );
    } finally {
      for (const child of children) child.kill("SIGKILL");
    }
    assert.deepEqual([...new Set(children.map(({ exitCode }) => exitCode))], [0]);
    const db = new DatabaseSync(path);
    const { members } = db.prepare("SELECT count(*) AS members FROM spinach_brokers").get() ?? {};
    db.close();
    assert.equal(members, 0, "a process that has closed is none of the cluster");
  },
);
