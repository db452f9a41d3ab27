import assert from "node:assert/strict";
import { test } from "node:test";

import * as fc from "fast-check";

import { FutureJobs } from "../../../src/brokers/memory/future-jobs.ts";
import type { StoredJob } from "../../../src/core/job.ts";
import { makeJob } from "../../core/make-job.ts";

function jobAt(id: number, atMs: number): StoredJob {
  return makeJob({ id: String(id), at: new Date(atMs) });
}

function takeAllDue(jobs: FutureJobs, nowMs: number): string[] {
  const ids: string[] = [];
  for (let due = jobs.takeDue(nowMs); due !== undefined; due = jobs.takeDue(nowMs)) {
    ids.push(due.job.id);
  }
  return ids;
}

interface Waiting {
  readonly id: number;
  readonly atMs: number;
}

type Step =
  | { readonly does: "add"; readonly atMs: number }
  | { readonly does: "take"; readonly nowMs: number };

const time = fc.nat({ max: 30 });
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ does: fc.constant("add" as const), atMs: time }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("take" as const), nowMs: time }) },
);

test("[G9] FutureJobs gives out what is due, earliest first, first come first among equals, never early", () => {
  fc.assert(
    fc.property(fc.array(anyStep, { size: "max", maxLength: 200 }), (steps) => {
      const jobs = new FutureJobs();
      let waiting: Waiting[] = [];
      for (const [id, step] of steps.entries()) {
        if (step.does === "add") {
          jobs.add(jobAt(id, step.atMs));
          waiting.push({ id, atMs: step.atMs });
          waiting = waiting.toSorted((one, other) => one.atMs - other.atMs);
        } else {
          const due = waiting.filter(({ atMs }) => atMs <= step.nowMs);
          waiting = waiting.filter(({ atMs }) => atMs > step.nowMs);
          const ids = due.map((each) => String(each.id));
          assert.deepEqual(takeAllDue(jobs, step.nowMs), ids);
        }
        assert.equal(jobs.nextAtMs, waiting[0]?.atMs);
      }
    }),
  );
});

test("[G9] FutureJobs.takeDue() gives a job out at its millisecond, and not the one before", () => {
  const jobs = new FutureJobs();
  jobs.add(jobAt(1, 1000));
  assert.equal(jobs.takeDue(999), undefined);
  assert.equal(jobs.takeDue(999.999), undefined);
  assert.equal(jobs.takeDue(1000)?.job.id, "1");
  assert.equal(jobs.takeDue(1000), undefined);
  assert.equal(jobs.nextAtMs, undefined);
});

test("FutureJobs.takeDue() gives back the very record that was added", () => {
  const jobs = new FutureJobs();
  const stored = jobAt(1, 1000);
  jobs.add(stored);
  assert.equal(jobs.takeDue(2000), stored);
});

test("FutureJobs is empty at first", () => {
  const jobs = new FutureJobs();
  assert.equal(jobs.nextAtMs, undefined);
  assert.equal(jobs.takeDue(Infinity), undefined);
});
