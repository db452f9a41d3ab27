import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

import { Queuey } from "../../../src/queue/queuey.ts";
import type { HeldJob } from "../../../src/workers/threads/held-jobs.ts";
import { decodeJobItem } from "../../../src/workers/threads/job-item.ts";
import { JobQueue } from "../../../src/workers/threads/job-queue.ts";
import { makeDefinition } from "../../core/make-definition.ts";
import { makeJob } from "../../core/make-job.ts";

function heldJob(id: number): HeldJob {
  return {
    id,
    stored: makeJob(),
    task: { ...makeDefinition("work"), fn: () => undefined },
    timeoutMs: undefined,
    thread: undefined,
    startedAtMs: 0,
    reason: undefined,
    timer: undefined,
    isTold: false,
  };
}

test("[G1] JobQueue puts a job once, also if another was put and taken back in the same turn", async () => {
  const jobs = new Map([1, 2, 3, 4].map((id) => [id, heldJob(id)] as const));
  const [first, second, third, fourth] = jobs.values();
  assert.ok(
    first !== undefined && second !== undefined && third !== undefined && fourth !== undefined,
  );
  const queue = new JobQueue({
    maxSize: 1,
    find: (id) => jobs.get(id),
    onRefused: (_job, error) => assert.fail(String(error)),
  });
  const thread = Queuey.attach<string>(queue.handle);
  const nextId = async (): Promise<number> => decodeJobItem(await thread.getAsync()).id;

  queue.put(first);
  assert.equal(await nextId(), 1); // its place is not free yet: the next one has to wait
  queue.put(second);
  assert.deepEqual(queue.takeBack(), [second]);
  queue.put(third);
  await turn();
  thread.taskDone();
  assert.equal(await nextId(), 3);
  queue.put(fourth);
  await turn();
  thread.taskDone();
  assert.equal(await nextId(), 4);
  thread.taskDone();
});
