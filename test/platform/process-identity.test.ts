import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, it } from "node:test";

import { isDead, thisProcess } from "../../src/platform/process-identity.ts";

describe("isDead()", () => {
  const here = thisProcess();

  it("knows that this process lives", () => {
    assert.equal(isDead(here), false);
  });

  it("knows that a process that has ended is dead", async () => {
    const child = spawn(process.execPath, ["--version"], { stdio: "ignore" });
    await once(child, "exit");
    assert.ok(child.pid !== undefined);
    assert.equal(isDead({ ...here, pid: child.pid, startedAt: "1" }), true);
  });

  it("is not taken in by a number that another process has now", () => {
    if (here.startedAt === "") return;
    assert.equal(isDead({ ...here, startedAt: "1" }), true);
  });

  it("knows nothing of other machines, nor of this one before it was started anew", () => {
    assert.equal(isDead({ ...here, machine: "elsewhere", startedAt: "1" }), false);
  });
});
