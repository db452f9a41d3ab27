import assert from "node:assert/strict";
import { test } from "node:test";

import { JobReader } from "../../../src/brokers/redis/job-reader.ts";
import { QuarantineLog } from "../../../src/brokers/redis/quarantine-log.ts";
import { FakeRuntime } from "../../../src/testing/fake-runtime.ts";
import { RecordingLogger } from "../../../src/testing/recording-logger.ts";

const ID = "00000000-0000-4000-8000-000000000001";
const OTHER = "00000000-0000-4000-8000-000000000002";

test("JobReader names a text that is no job by the id that a script holds it by, never by another job's", () => {
  const logger = new RecordingLogger();
  let times = 0;
  const reader = new JobReader(
    new QuarantineLog({ clock: new FakeRuntime().clock, logger }, "quarantine"),
    () => {
      times += 1;
    },
  );
  const read = reader.read([
    `{"id":"${ID}","status":2,"task_na`,
    `{"task_args": [{"id": "${OTHER}"}], "id": "x", "task_name": "t", "queue": "q"}`,
    String.raw`{"id": "\u00e9", "task_name": "t", "queue": "q"}`,
    `{"id":"${ID}","status":2`,
  ]);
  assert.deepEqual(read, []);
  assert.deepEqual(
    reader.unreadable.map(({ id }) => id),
    [ID, "x", "é"],
  );
  assert.equal(logger.lines.length, 3, "each is logged once");
  assert.equal(times, 1, "it says so once");
  reader.forget();
  assert.deepEqual(reader.unreadable, []);
});
