import assert from "node:assert/strict";
import { test } from "node:test";

import { isJobStatus, JobStatus } from "../../src/core/job-status.ts";

test("JobStatus has the numbers of the original", () => {
  assert.deepEqual(JobStatus, {
    NOT_SET: 0,
    WAITING: 1,
    QUEUED: 2,
    RUNNING: 3,
    SUCCEEDED: 4,
    FAILED: 5,
  });
});

test("isJobStatus() knows its numbers and nothing else", () => {
  for (const status of [0, 1, 2, 3, 4, 5]) assert.equal(isJobStatus(status), true);
  for (const other of [-1, 6, 0.5, Number.NaN, "2", null, undefined, {}]) {
    assert.equal(isJobStatus(other), false);
  }
});
