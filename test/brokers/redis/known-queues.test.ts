import assert from "node:assert/strict";
import { test } from "node:test";

import { KnownQueues } from "../../../src/brokers/redis/known-queues.ts";

test("KnownQueues keeps the queues of tasks, and the last 100 that jobs were due of", () => {
  const queues = new KnownQueues();
  queues.ofTasks = ["mails", "spinach", "mails"];
  for (let user = 0; user < 1000; user += 1) queues.wereDue(["spinach", `user ${user}`]);
  const { all } = queues;
  assert.ok(all.length <= 102, `${all.length} queues`);
  for (const queue of ["mails", "spinach", "user 999", "user 950"]) {
    assert.equal(all.filter((known) => known === queue).length, 1, queue);
  }
  assert.ok(!all.includes("user 0"));
});
