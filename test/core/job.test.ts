import assert from "node:assert/strict";
import { test } from "node:test";

import { isAtLeastOnce } from "../../src/core/job.ts";
import { makeJob } from "./make-job.ts";

test("isAtLeastOnce() goes by maxRetries alone", () => {
  assert.equal(isAtLeastOnce(makeJob({ maxRetries: 0 }).job), false);
  assert.equal(isAtLeastOnce(makeJob({ maxRetries: 1 }).job), true);
  assert.equal(isAtLeastOnce(makeJob({ maxRetries: 1, retries: 1 }).job), true);
});
