import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { GroupCommit } from "../../../src/brokers/sqlite/group-commit.ts";
import { MAX_ATOMIC_JOBS } from "../../../src/core/constants.ts";
import { LoopTurn } from "../../../src/platform/loop-turn.ts";
import { JobMaker, testTask } from "../../../src/testing/conformance/test-cluster.ts";
import { FakeRuntime } from "../../../src/testing/fake-runtime.ts";
import { within } from "../../../src/testing/waits.ts";

const plain = testTask("plain");
const turn = new LoopTurn(new FakeRuntime());
const jobs = new JobMaker({ now: () => 0 });

describe("GroupCommit", () => {
  test("calls of one turn share a commit, in their order", async () => {
    const commits: string[][] = [];
    const group = new GroupCommit(async (taken) => {
      commits.push(taken.map(({ job }) => job.id));
    }, turn);
    const calls = [jobs.makeMany(2, plain), jobs.makeMany(1, plain)];
    await Promise.all(calls.map((call) => group.enqueue(call)));
    assert.deepEqual(commits, [calls.flat().map(({ job }) => job.id)]);
  });

  test("each call of a commit that fails is rejected, and the next commit is a new one", async () => {
    const failures = [new Error("from the test")];
    const group = new GroupCommit(async () => {
      const failure = failures.pop();
      if (failure !== undefined) throw failure;
    }, turn);
    const calls = [1, 2, 3].map(() => group.enqueue([jobs.make(plain)]));
    const ended = await within("all are answered", Promise.allSettled(calls));
    assert.deepEqual(
      ended.map(({ status }) => status),
      ["rejected", "rejected", "rejected"],
    );
    await within("the next one is answered", group.enqueue([jobs.make(plain)]));
  });

  test("a commit has no more jobs than are atomic, whole calls only", async () => {
    const commits: number[] = [];
    const group = new GroupCommit(async (taken) => {
      commits.push(taken.length);
    }, turn);
    const half = jobs.makeMany(MAX_ATOMIC_JOBS / 2, plain);
    await Promise.all([half, half, half.slice(1), half].map((call) => group.enqueue(call)));
    assert.deepEqual(commits, [MAX_ATOMIC_JOBS, MAX_ATOMIC_JOBS - 1]);
  });
});
