import assert from "node:assert/strict";
import { suite, test } from "node:test";

import * as fc from "fast-check";

import { PeriodicTasks } from "../../../src/brokers/memory/periodic-tasks.ts";
import type { TaskDefinition, TaskOptions } from "../../../src/core/task.ts";
import { makeDefinition } from "../../core/make-definition.ts";

const PERIOD_MS = 1000;

function tick(options: TaskOptions = {}): TaskDefinition {
  return makeDefinition("tick", { periodicity: PERIOD_MS, ...options });
}

function registered(nowMs: number): PeriodicTasks {
  const tasks = new PeriodicTasks();
  tasks.register(tick(), nowMs);
  return tasks;
}

/** How many tasks are due at each of some times. */
function dueAt(tasks: PeriodicTasks, ...times: readonly number[]): number[] {
  return times.map((nowMs) => tasks.takeDue(nowMs).length);
}

interface Passing {
  /** Time that passes, ms. */
  readonly elapsedMs: number;
  /** How far the wall clock is then set forward, or back. */
  readonly jumpMs: number;
}

const far = fc.integer({ min: -20 * PERIOD_MS, max: 20 * PERIOD_MS });
const anyPassing: fc.Arbitrary<Passing> = fc.record({
  elapsedMs: fc.oneof(fc.nat({ max: PERIOD_MS / 2 }), fc.nat({ max: 5 * PERIOD_MS })),
  jumpMs: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: far }),
});

suite("PeriodicTasks.takeDue()", () => {
  /**
   * What is promised when the clock is set: a jump forward counts as time that passed, a jump back
   * never brings a job sooner. So there is at most one job for each whole period that passed or was
   * jumped over, and the next one is never further away than one period.
   */
  test("[G10] PeriodicTasks.takeDue() gives at most one job per period, however the clock jumps", () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.array(anyPassing, { size: "max", maxLength: 60 }),
        (start, passings) => {
          const tasks = registered(start);
          let nowMs = start;
          let passedMs = 0;
          let jobs = 0;
          for (const { elapsedMs, jumpMs } of passings) {
            nowMs += elapsedMs + jumpMs;
            passedMs += elapsedMs + Math.max(0, jumpMs);
            const due = tasks.takeDue(nowMs);
            assert(due.length <= 1);
            jobs += due.length;
            assert(jobs <= passedMs / PERIOD_MS);
            const waitMs = (tasks.nextAtMs ?? Number.NaN) - nowMs;
            assert(waitMs > 0 && waitMs <= PERIOD_MS, `next in ${waitMs} ms`);
          }
        },
      ),
    );
  });

  test("[G10] PeriodicTasks.takeDue() misses no period while someone looks in time", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: PERIOD_MS }), { size: "max", maxLength: 60 }), (steps) => {
        const tasks = registered(0);
        let nowMs = 0;
        let jobs = 0;
        for (const stepMs of steps) {
          nowMs += stepMs;
          jobs += tasks.takeDue(nowMs).length;
          assert.equal(jobs, Math.floor(nowMs / PERIOD_MS));
        }
      }),
    );
  });

  test("[G10] PeriodicTasks.takeDue() makes one job after a long gap, and keeps the rhythm", () => {
    const tasks = registered(0);
    assert.deepEqual(dueAt(tasks, 10_400, 10_400, 10_999, 11_000, 11_000), [1, 0, 0, 1, 0]);
  });

  test("waits a whole period before the first job", () => {
    assert.deepEqual(dueAt(registered(500), 500, 1499, 1500, 1500), [0, 0, 1, 0]);
  });

  test("[G10] PeriodicTasks.takeDue() starts a new rhythm when the clock was set back for longer than a period", () => {
    const tasks = registered(100_000);
    assert.deepEqual(dueAt(tasks, 101_000), [1]);
    assert.deepEqual(dueAt(tasks, 50_000, 50_999, 51_000, 52_000), [0, 0, 1, 1]);
  });

  test("[G10] PeriodicTasks.takeDue() waits for the old time when the clock was set back for less", () => {
    const tasks = registered(0);
    assert.deepEqual(dueAt(tasks, 1000, 1900, 1100, 1999, 2000), [1, 0, 0, 0, 1]);
  });

  test("gives each task its own rhythm, and says what its job needs", () => {
    const tasks = new PeriodicTasks();
    tasks.register(makeDefinition("a", { periodicity: 100, queue: "q", maxRetries: 3 }), 0);
    tasks.register(makeDefinition("b", { periodicity: 150 }), 0);
    assert.equal(tasks.nextAtMs, 100);
    const names = [100, 150, 200, 300].map((at) => tasks.takeDue(at).map(({ name }) => name));
    assert.deepEqual(names, [["a"], ["b"], ["a"], ["a", "b"]]);
    const [a] = tasks.takeDue(400);
    assert.deepEqual([a?.name, a?.queue, a?.maxRetries], ["a", "q", 3]);
  });
});

suite("PeriodicTasks.register()", () => {
  test("[G10] PeriodicTasks.register() of the same period keeps the rhythm, so a restart adds no job", () => {
    const tasks = registered(0);
    tasks.register(tick({ queue: "other", maxRetries: 2 }), 900);
    assert.equal(tasks.nextAtMs, 1000);
    const [task] = tasks.takeDue(1000);
    assert.deepEqual([task?.queue, task?.maxRetries], ["other", 2]);
    tasks.register(tick(), 1000);
    assert.deepEqual(dueAt(tasks, 1999, 2000), [0, 1]);
  });

  test("starts a new rhythm for a new period", () => {
    const tasks = registered(0);
    tasks.register(tick({ periodicity: 300 }), 900);
    assert.deepEqual(dueAt(tasks, 1000, 1199, 1200, 1500), [0, 0, 1, 1]);
  });

  test("forgets a task whose period was taken away, and no other", () => {
    const tasks = registered(0);
    tasks.register(makeDefinition("other", { periodicity: 5000 }), 0);
    tasks.register(makeDefinition("tick"), 0);
    tasks.register(makeDefinition("unknown"), 0);
    assert.equal(tasks.nextAtMs, 5000);
  });

  test("knows no task at first", () => {
    const tasks = new PeriodicTasks();
    assert.equal(tasks.nextAtMs, undefined);
    assert.deepEqual(tasks.takeDue(Number.MAX_SAFE_INTEGER), []);
  });
});
