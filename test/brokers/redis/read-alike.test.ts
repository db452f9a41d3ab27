/** The scripts and JavaScript read one text in one way, or it is set aside. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";

import * as fc from "fast-check";

import { JobReader } from "../../../src/brokers/redis/job-reader.ts";
import { heldId } from "../../../src/brokers/redis/own-head.ts";
import { QuarantineLog } from "../../../src/brokers/redis/quarantine-log.ts";
import { FakeRuntime } from "../../../src/testing/fake-runtime.ts";
import { RecordingLogger } from "../../../src/testing/recording-logger.ts";
import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import { ownRedis } from "./own-redis.ts";
import { ended, redisBench } from "./redis-bench.ts";

const LIB = readFileSync(join(import.meta.dirname, "../../../lua/lib/job.lua"), "utf8");
const SCRIPT = `${LIB}\nlocal id, task, queue = parse(ARGV[1])\nreturn { id or false, task or false, queue or false, id_of(ARGV[1]) or false }`;
const ID = "00000000-0000-4000-8000-000000000000";
const limit = { timeout: 120_000 };

const redis = ownRedis();

/** As the fetch of a queue with limits reads it, and as one without. */
async function readByScript(text: string): Promise<readonly unknown[]> {
  const read = await redis.inspector.call("EVAL", SCRIPT, "0", text);
  assert.ok(Array.isArray(read));
  return Array.from<unknown>(read);
}

const name = fc.oneof(
  fc.constantFrom("t", "q", 'a"b', "a\\b", "é", "\u0000", "a/b", "", "\ud83d\ude00"),
  fc.string({ unit: "grapheme", maxLength: 5 }),
);
const id = fc.oneof(
  fc.constant(ID),
  name,
  fc.constantFrom("é".repeat(18), "é".repeat(36), `${ID.slice(0, 34)}\\"`, "\\".repeat(18)),
);
const value = fc.oneof(
  name.map((text) => JSON.stringify(text)),
  id.map((text) => JSON.stringify(text)),
  fc.constantFrom(
    "1",
    "0",
    "2",
    "[]",
    "{}",
    "null",
    "nan",
    "-inf",
    "0x10",
    "01",
    "1.",
    "+1",
    "1e999",
  ),
);
const key = fc.constantFrom(
  "id",
  "task_name",
  "queue",
  "status",
  "retries",
  String.raw`i\u0064`,
  "x",
);
const member = fc.tuple(key, value).map(([name_, text]) => `"${name_}":${text}`);
const rest = `,"max_retries":3,"retries":0,"at":1,"at_us":0,"task_args":[],"task_kwargs":{}`;
/** As ours start, with whatever behind it. */
const own = fc
  .tuple(id, name, name, fc.array(member, { maxLength: 3 }))
  .map(
    ([id_, task, queue, more]) =>
      `{"id":${JSON.stringify(id_)},"status":2,"task_name":${JSON.stringify(task)},"queue":${JSON.stringify(queue)}${rest}${more.map((text) => `,${text}`).join("")}}`,
  );
const escaped = fc
  .tuple(fc.constantFrom(String.raw`\u0041`.repeat(6), `${ID.slice(0, 30)}\\u0041`), name)
  .map(
    ([raw, task]) =>
      `{"id":"${raw}","status":2,"task_name":${JSON.stringify(task)},"queue":"q"${rest}}`,
  );
const foreign = fc
  .tuple(id, name, name, fc.array(member, { maxLength: 3 }))
  .map(
    ([id_, task, queue, more]) =>
      `{ "at": 1${more.map((text) => `, ${text}`).join("")}, "queue": ${JSON.stringify(queue)}, "task_name": ${JSON.stringify(task)}, "id": ${JSON.stringify(id_)}, "status": 2${rest}}`,
  );
const anything = fc.oneof(
  fc.string(),
  fc.json(),
  fc.array(member, { maxLength: 6 }).map((all) => `{${all.join(",")}}`),
);

describe("a text of a job", limit, () => {
  test("is read by the scripts as by JavaScript, or set aside by the id that it is held by", async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(own, escaped, foreign, anything), async (text) => {
        const [id_, task, queue, plainId] = await readByScript(text);
        const reader = new JobReader(
          new QuarantineLog({ clock: new FakeRuntime().clock, logger: new RecordingLogger() }, "q"),
          () => undefined,
        );
        if (plainId === null) return;
        const [stored] = reader.read([text]);
        if (stored === undefined) {
          const [unreadable] = reader.unreadable;
          assert.equal(
            unreadable?.wire ?? unreadable?.id,
            unreadable?.wire === undefined ? plainId : text,
          );
          return;
        }
        const { job } = stored;
        assert.deepEqual([job.id, heldId(text)], [plainId, plainId]);
        // One that is no job where limits are is set aside there.
        if (id_ !== null) assert.deepEqual([job.id, job.taskName, job.queue], [id_, task, queue]);
      }),
      { numRuns: 3000 },
    );
  });

  for (const [what, wire] of Object.entries({
    "a member twice": `{"id":"${ID}","status":2,"task_name":"count","queue":"spinach","task_name":"other"${rest}}`,
    "an escaped id": `{"id":"${String.raw`\u0041`.repeat(6)}","status":2,"task_name":"count","queue":"spinach"${rest}}`,
  })) {
    test(`with ${what} is set aside, and leaves nothing held`, async () => {
      await using it = redisBench(redis.url);
      await redis.inspector.call("RPUSH", `${it.namespace}/spinach`, wire);
      const done = ended(it, 1);
      await it.spin.schedule("count", 1);
      await it.spin.startWorkers({ workers: new AsyncWorkers() });
      await done;
      await it.spin.stopWorkers();
      const keys = await redis.inspector.keys(it.namespace);
      assert.deepEqual(
        keys.filter((each) => each.includes("_running-jobs")),
        [],
      );
      assert.equal(await redis.inspector.call("LLEN", `${it.namespace}/_quarantine`), 1);
    });
  }
});
