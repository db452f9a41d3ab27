import assert from "node:assert/strict";
import { suite, test } from "node:test";

import type { JobRequest } from "../../src/core/batch.ts";
import { InvalidJobArgumentsError, InvalidJobSignatureError } from "../../src/core/errors.ts";
import { decodeJob } from "../../src/core/job-codec.ts";
import { JobStatus } from "../../src/core/job-status.ts";
import type { Job } from "../../src/core/job.ts";
import { kwargs } from "../../src/core/kwargs.ts";
import { functionArguments, newJob, newPeriodicJob } from "../../src/core/new-job.ts";
import type { TaskDefinition } from "../../src/core/task.ts";
import { Tasks } from "../../src/core/tasks.ts";
import { makeDefinition } from "./make-definition.ts";
import { START_MS } from "./make-job.ts";

const context = { id: "b88a4b7e-c37d-47bb-9138-18c204d04940", nowMs: START_MS };

function request(args: readonly unknown[], at?: Date): JobRequest {
  return { task: "work", at, args };
}

suite("newJob()", () => {
  test("makes a job of its task's options, ready at once", () => {
    const definition = makeDefinition("work", { queue: "slow", maxRetries: 3, timeout: 9 });
    const { job } = newJob(definition, request([1, { a: [] }]), context);
    assert.deepEqual(job, {
      id: context.id,
      status: JobStatus.QUEUED,
      taskName: "work",
      queue: "slow",
      at: new Date(START_MS),
      maxRetries: 3,
      retries: 0,
      args: [1, { a: [] }],
      kwargs: {},
    });
  });

  test("writes the text that decodes to the job", () => {
    const stored = newJob(
      makeDefinition("work"),
      request(["a", kwargs({ b: [{}] })], new Date(START_MS + 1)),
      context,
    );
    assert.deepEqual(decodeJob(stored.wire), stored);
    assert.deepEqual(stored.job.kwargs, { b: [{}] });
  });

  const dates: ReadonlyArray<readonly [what: string, offsetMs: number, status: JobStatus]> = [
    ["one ms ahead waits", 1, JobStatus.WAITING],
    ["now is ready", 0, JobStatus.QUEUED],
    ["in the past is ready", -1, JobStatus.QUEUED],
  ];
  for (const [what, offsetMs, status] of dates) {
    test(`keeps the date it was given: one ${what}`, () => {
      const at = new Date(START_MS + offsetMs);
      const { job } = newJob(makeDefinition("work"), request([], at), context);
      assert.equal(job.status, status);
      assert.deepEqual(job.at, at);
      assert.notEqual(job.at, at, "a later change of the caller's Date must not reach the job");
    });
  }

  test("prefers the options of task.with() to those of the task", () => {
    const task = new Tasks().task("work", () => 1);
    const definition = makeDefinition("work", { queue: "slow", maxRetries: 3, timeout: 9 });
    const given = task.with({ queue: "fast", maxRetries: 0, timeout: 50 });
    const { job } = newJob(definition, { task: given, at: undefined, args: [] }, context);
    assert.deepEqual([job.queue, job.maxRetries, job.timeoutMs], ["fast", 0, 50]);
    const plain = newJob(definition, { task, at: undefined, args: [] }, context);
    assert.deepEqual([plain.job.queue, plain.job.maxRetries], ["slow", 3]);
    assert.equal("timeoutMs" in plain.job, false);
  });

  test("carries the timeout of a task that is only declared: no other process knows it", () => {
    const tasks = new Tasks();
    const task = tasks.declare("work", { timeout: 9 });
    const [definition = makeDefinition("none")] = tasks.definitions;
    const make = (of: typeof task): unknown =>
      newJob(definition, { task: of, at: undefined, args: [] }, context).job.timeoutMs;
    assert.equal(make(task), 9);
    assert.equal(make(task.with({ timeout: 50 })), 50);
  });

  test("refuses what the call got wrong", () => {
    const definition = makeDefinition("work", {}, (count: number) => count);
    const make =
      (args: readonly unknown[], at?: unknown): (() => unknown) =>
      () =>
        newJob(definition, request(args, at as Date), context);
    assert.throws(make([]), InvalidJobSignatureError);
    assert.throws(make([5n]), InvalidJobArgumentsError);
    assert.throws(make([1], new Date(Number.NaN)), {
      name: "RangeError",
      message: "at must be a valid Date, got an invalid one",
    });
    assert.throws(make([1], 5), { name: "TypeError", message: "at must be a Date, got 5" });
  });
});

suite("newJob() counts the arguments of a call and", () => {
  const two = (first: number, second: number, third = 0): number => first + second + third;
  const make = (definition: TaskDefinition, ...args: readonly unknown[]): Job =>
    newJob(definition, request(args), context).job;

  test("demands the parameters before the first default", () => {
    const definition = makeDefinition("work", {}, two);
    assert.throws(() => make(definition, 1), {
      name: "InvalidJobSignatureError",
      taskName: "work",
      requiredArgs: 2,
      givenArgs: 1,
    });
    assert.deepEqual(make(definition, 1, 2).args, [1, 2]);
    assert.deepEqual(make(definition, 1, 2, 3).args, [1, 2, 3]);
  });

  test("takes keyword arguments as the one object that the function gets", () => {
    const definition = makeDefinition("work", {}, two);
    assert.deepEqual(make(definition, 1, kwargs({ b: 2 })).kwargs, { b: 2 });
    assert.throws(() => make(definition, kwargs({ b: 2 })), InvalidJobSignatureError);
  });

  test("goes by requiredArgs where the task sets it", () => {
    assert.deepEqual(make(makeDefinition("work", { requiredArgs: 1 }, two), 1).args, [1]);
    const strict = makeDefinition("work", { requiredArgs: 3 }, two);
    assert.throws(() => make(strict, 1, 2), InvalidJobSignatureError);
  });

  test("demands nothing for a task whose function lives elsewhere", () => {
    const tasks = new Tasks();
    tasks.declare("work");
    for (const definition of tasks.definitions) assert.deepEqual(make(definition).args, []);
  });
});

suite("functionArguments()", () => {
  test("appends keyword arguments as one last object, if there are any", () => {
    const task = { requiredArgs: 0 };
    assert.deepEqual(functionArguments({ args: [1], kwargs: { a: 2 } }, task), [1, { a: 2 }]);
    assert.deepEqual(functionArguments({ args: [1], kwargs: {} }, task), [1]);
    assert.deepEqual(functionArguments({ args: [], kwargs: {} }, task), []);
  });

  test("gives a function that needs it the empty object of kwargs({})", () => {
    const task = { requiredArgs: 2 };
    assert.deepEqual(functionArguments({ args: [1], kwargs: {} }, task), [1, {}]);
    assert.deepEqual(functionArguments({ args: [1, 2], kwargs: {} }, task), [1, 2]);
    assert.deepEqual(functionArguments({ args: [], kwargs: {} }, task), []);
  });
});

test("newPeriodicJob() makes a job without arguments, ready at once", () => {
  const stored = newPeriodicJob({ name: "tick", queue: "slow", maxRetries: 2 }, context);
  assert.deepEqual(stored.job, {
    id: context.id,
    status: JobStatus.QUEUED,
    taskName: "tick",
    queue: "slow",
    at: new Date(START_MS),
    maxRetries: 2,
    retries: 0,
    args: [],
    kwargs: {},
  });
  assert.deepEqual(decodeJob(stored.wire), stored);
});
