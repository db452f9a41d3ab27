import assert from "node:assert/strict";
import { suite, test } from "node:test";

import * as fc from "fast-check";

import { ConcurrencyLimits } from "../../../src/brokers/memory/concurrency-limits.ts";
import type { StoredJob } from "../../../src/core/job.ts";
import { makeJob } from "../../core/make-job.ts";

const TASKS = ["a", "b", "c"] as const;
const QUEUES = ["one", "two"] as const;

type TaskName = (typeof TASKS)[number];
type Queue = (typeof QUEUES)[number];

function job(taskName: string, queue: string = QUEUES[0], id = "1"): StoredJob {
  return makeJob({ id, taskName, queue });
}

/** What a limit means, without any thought for speed, checked against the real thing step by step. */
class Model {
  readonly real = new ConcurrencyLimits();
  readonly #limits = new Map<string, number>();
  /** Jobs that some broker holds, limited or not. */
  #held: StoredJob[] = [];
  #parked: StoredJob[] = [];
  #made = 0;

  admit(taskName: TaskName, queue: Queue): void {
    this.#made += 1;
    const stored = job(taskName, queue, String(this.#made));
    const may = this.#hasPlace(taskName);
    assert.equal(this.real.admit(stored), may);
    if (may) this.#held.push(stored);
    else this.#parked.push(stored);
  }

  /** A job that ran gives its place back, or one that did not is put back. */
  settle(index: number, isRun: boolean): void {
    const stored = this.#held[index % Math.max(1, this.#held.length)];
    if (stored === undefined) return;
    const { taskName } = stored.job;
    this.#held = this.#held.filter((other) => other !== stored);
    const wakes = this.#limits.has(taskName) && this.#hasPlace(taskName);
    const queues = new Set(this.#parkedOf(taskName).map((each) => each.job.queue));
    assert.deepEqual(new Set(this.real.release(taskName)), wakes ? queues : new Set());
    if (isRun) return;
    assert.equal(this.real.putBack(stored), this.#limits.has(taskName));
    if (this.#limits.has(taskName)) this.#parked.unshift(stored);
  }

  take(queue: Queue): void {
    const first = TASKS.filter((taskName) => this.#hasPlace(taskName)).map((taskName) =>
      this.#parkedOf(taskName).find((each) => each.job.queue === queue),
    );
    const choices = first.filter((each) => each !== undefined);
    const taken = this.real.takeParked(queue);
    if (taken === undefined) {
      assert.deepEqual(choices, []);
      return;
    }
    assert(choices.includes(taken), `${taken.job.id} is not the oldest of its task and queue`);
    this.#parked = this.#parked.filter((each) => each !== taken);
    this.#held.push(taken);
  }

  set(taskName: TaskName, limit: number): void {
    this.real.set(taskName, limit, this.#running(taskName));
    this.#limits.set(taskName, limit);
  }

  remove(taskName: TaskName): void {
    const freed = this.#parkedOf(taskName);
    const removed = this.real.remove(taskName);
    assert.equal(removed.length, freed.length);
    for (const queue of QUEUES) {
      const isHere = (each: StoredJob): boolean => each.job.queue === queue;
      assert.deepEqual(removed.filter(isHere), freed.filter(isHere));
    }
    this.#parked = this.#parked.filter((each) => each.job.taskName !== taskName);
    this.#limits.delete(taskName);
  }

  check(): void {
    assert.equal(this.real.isEmpty, this.#limits.size === 0);
    for (const queue of QUEUES) {
      assert.equal(
        this.real.hasParked(queue),
        this.#parked.some((each) => each.job.queue === queue),
      );
    }
  }

  /** Ends everything: if a count had drifted, a task would now have more or fewer places than its limit. */
  drain(): void {
    while (this.#held.length > 0 || this.#parked.length > 0) {
      while (this.#held.length > 0) this.settle(0, true);
      for (const queue of QUEUES) this.take(queue);
    }
    for (const [taskName, limit] of this.#limits) {
      for (let place = 0; place < limit; place += 1) assert(this.real.admit(job(taskName)));
      assert(!this.real.admit(job(taskName)));
    }
  }

  #parkedOf(taskName: string): StoredJob[] {
    return this.#parked.filter((each) => each.job.taskName === taskName);
  }

  #running(taskName: string): number {
    return this.#held.filter((each) => each.job.taskName === taskName).length;
  }

  #hasPlace(taskName: string): boolean {
    return this.#running(taskName) < (this.#limits.get(taskName) ?? Infinity);
  }
}

interface Step {
  readonly name: string;
  readonly run: (model: Model) => void;
}

const task = fc.constantFrom(...TASKS);
const queue = fc.constantFrom(...QUEUES);

function step(
  name: keyof Model,
  inputs: fc.Arbitrary<unknown[]>,
  run: (model: Model, inputs: never) => void,
): fc.Arbitrary<Step> {
  return inputs.map((values) => ({
    name: `${name}(${values.join(", ")})`,
    run: (model) => run(model, values as never),
  }));
}

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: step("admit", fc.tuple(task, queue), (model, [name, where]: [TaskName, Queue]) =>
      model.admit(name, where),
    ),
  },
  {
    weight: 4,
    arbitrary: step("take", fc.tuple(queue), (model, [where]: [Queue]) => model.take(where)),
  },
  {
    weight: 5,
    arbitrary: step(
      "settle",
      fc.tuple(fc.nat({ max: 9 }), fc.boolean()),
      (model, [index, isRun]: [number, boolean]) => model.settle(index, isRun),
    ),
  },
  {
    weight: 2,
    arbitrary: step(
      "set",
      fc.tuple(task, fc.integer({ min: 1, max: 4 })),
      (model, [name, limit]: [TaskName, number]) => model.set(name, limit),
    ),
  },
  {
    weight: 1,
    arbitrary: step("remove", fc.tuple(task), (model, [name]: [TaskName]) => model.remove(name)),
  },
);

suite("ConcurrencyLimits", () => {
  test("[G5] ConcurrencyLimits never exceeds a limit, never drifts, and keeps the order of a task in a queue", () => {
    fc.assert(
      fc.property(fc.array(anyStep, { size: "max", maxLength: 100 }), (steps) => {
        const model = new Model();
        model.set("a", 1);
        for (const { run } of steps) {
          run(model);
          model.check();
        }
        model.drain();
      }),
      { numRuns: 300 },
    );
  });

  test("[G5] ConcurrencyLimits looks at no job of a backlog that has no place", () => {
    const limits = new ConcurrencyLimits();
    limits.set("a", 1, 1);
    let looks = 0;
    for (let index = 0; index < 100; index += 1) {
      const stored = job("a");
      const watched = {
        wire: stored.wire,
        get job() {
          looks += 1;
          return stored.job;
        },
      };
      assert.equal(limits.admit(watched), false);
    }
    looks = 0;
    for (let fetch = 0; fetch < 10; fetch += 1) {
      assert.equal(limits.takeParked("one"), undefined);
      assert.equal(limits.admit(job("unlimited")), true);
    }
    assert.equal(looks, 0);
  });

  test("[G5] ConcurrencyLimits.set() counts the jobs that already run", () => {
    const limits = new ConcurrencyLimits();
    limits.set("a", 2, 2);
    assert.equal(limits.admit(job("a")), false);
    limits.release("a");
    assert.equal(limits.takeParked("one")?.job.taskName, "a");
  });

  test("set() of a higher limit lets parked jobs out, of a lower one waits for the running ones", () => {
    const limits = new ConcurrencyLimits();
    limits.set("a", 1, 0);
    assert.deepEqual(
      [1, 2, 3].map((id) => limits.admit(job("a", "one", String(id)))),
      [true, false, false],
    );
    limits.set("a", 3, 0);
    assert.equal(limits.takeParked("one")?.job.id, "2");
    limits.set("a", 1, 0);
    assert.equal(limits.takeParked("one"), undefined);
    assert.deepEqual(limits.release("a"), []);
    assert.deepEqual(limits.release("a"), ["one"]);
    assert.equal(limits.takeParked("one")?.job.id, "3");
  });

  test("lets the jobs of a task without a limit pass, and knows nothing of them", () => {
    const limits = new ConcurrencyLimits();
    assert.equal(limits.isEmpty, true);
    assert.equal(limits.admit(job("a")), true);
    assert.equal(limits.putBack(job("a")), false);
    assert.deepEqual(limits.release("a"), []);
    assert.deepEqual(limits.remove("a"), []);
    assert.equal(limits.takeParked("one"), undefined);
    assert.equal(limits.hasParked("one"), false);
  });
});
