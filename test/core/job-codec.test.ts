import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";

import * as fc from "fast-check";

import { MalformedJobError } from "../../src/core/errors.ts";
import {
  decodeHead,
  decodeJob,
  encodeJob,
  type JobChanges,
  rewriteHead,
  rewriteJob,
} from "../../src/core/job-codec.ts";
import { JobStatus } from "../../src/core/job-status.ts";
import {
  anyJsonValue,
  anyKey,
  arrayText,
  codeUnit,
  keyInside,
  objectText,
  ODD_NUMBERS,
  spaceText,
  stringInside,
  valueText,
} from "./json-text.ts";
import { makeJob, makeJobOfTexts, START_MS } from "./make-job.ts";

const anyStatus = fc.constantFrom(...Object.values(JobStatus));
const anyDateMs = fc.date({ noInvalidDate: true }).map((date) => date.getTime());
const anyChanges: fc.Arbitrary<JobChanges> = fc.record({
  status: anyStatus,
  retries: fc.nat(),
  atMs: anyDateMs,
});

suite("encodeJob()", () => {
  test("writes the members of the original, the id first", () => {
    const { job } = makeJob({ status: JobStatus.QUEUED, args: [5], kwargs: { b: 1 } });
    assert.equal(
      encodeJob({ ...job, at: new Date(1_795_423_811_096) }),
      '{"id":"00000000-0000-4000-8000-000000000000","status":2,"task_name":"work",' +
        '"queue":"spinach","max_retries":0,"retries":0,"at":1795423811,"at_us":96000,' +
        '"task_args":[5],"task_kwargs":{"b":1}}',
    );
  });

  test("writes a timeout that the job has of its own", () => {
    const { wire } = makeJob({ timeoutMs: 1500 });
    assert.equal(decodeJob(wire).job.timeoutMs, 1500);
    assert.equal("timeoutMs" in decodeJob(makeJob().wire).job, false);
  });

  test("puts the id at a fixed offset, whatever the job", () => {
    fc.assert(
      fc.property(fc.uuid(), fc.string({ unit: codeUnit }), fc.string(), (id, taskName, queue) => {
        const { wire } = makeJob({ id, taskName, queue });
        assert.equal(wire.slice(7, 7 + 36), id);
      }),
    );
  });

  test("writes any time as whole seconds plus 0 to 999,999 microseconds", () => {
    fc.assert(
      fc.property(anyDateMs, (atMs) => {
        const { wire } = makeJob({ at: new Date(atMs) });
        const { at, at_us: micros } = JSON.parse(wire) as { at: number; at_us: number };
        assert(Number.isInteger(at) && Number.isInteger(micros) && micros >= 0 && micros < 1e6);
        assert.equal(decodeJob(wire).job.at.getTime(), atMs);
      }),
    );
  });

  test("is read back by decodeJob() as it was, odd names included", () => {
    const fields = fc.record({
      id: fc.uuid(),
      status: anyStatus,
      taskName: fc.string({ unit: codeUnit }),
      queue: fc.string({ unit: codeUnit }),
      maxRetries: fc.nat(),
      retries: fc.nat(),
    });
    fc.assert(
      fc.property(fields, (job) => {
        const stored = makeJob(job);
        assert.deepEqual(decodeJob(stored.wire), stored);
      }),
    );
  });
});

suite("decodeJob()", () => {
  test("takes the status from the place where the job was found", () => {
    const { wire } = makeJob({ status: JobStatus.QUEUED });
    assert.equal(decodeJob(wire).job.status, JobStatus.QUEUED);
    assert.equal(decodeJob(wire, JobStatus.RUNNING).job.status, JobStatus.RUNNING);
  });

  const good = JSON.parse(makeJob().wire) as object;
  const malformed: ReadonlyArray<readonly [text: string, problem: RegExp]> = [
    ["", /it is not JSON/],
    ['{"id":', /it is not JSON/],
    ["null", /it is not a JSON object/],
    ["[]", /it is not a JSON object/],
    ["7", /it is not a JSON object/],
    ["{}", /"id" is not a string/],
    ...Object.entries({
      id: [7, /"id" is not a string/],
      status: [6, /"status" is not a status/],
      task_name: [null, /"task_name" is not a string/],
      queue: [{}, /"queue" is not a string/],
      at: ["1", /"at" is not a time in seconds/],
      at_us: [undefined, /"at_us" is not a whole number of at least 0/],
      max_retries: [[], /"max_retries" is not a whole number of at least 0/],
      retries: [true, /"retries" is not a whole number of at least 0/],
      task_args: [{ 0: "a" }, /"task_args" is not an array/],
      task_kwargs: [[], /"task_kwargs" is not an object/],
    } satisfies Record<string, [unknown, RegExp]>).map(
      ([name, [value, problem]]) => [JSON.stringify({ ...good, [name]: value }), problem] as const,
    ),
    [
      '{"id":"x","at_us":0,"at":1e300,"status":2,"task_name":"t","queue":"q"}',
      /"at" is not a time/,
    ],
    [JSON.stringify(good).replace('"retries":0', '"retries":-1.5'), /"retries" is not a whole/],
    [
      JSON.stringify(good).replace('"max_retries":0', '"max_retries":1e400'),
      /"max_retries" is not/,
    ],
    [JSON.stringify({ ...good, timeout_ms: 0 }), /"timeout_ms" is not from 1 to 2147483647/],
    [JSON.stringify({ ...good, timeout_ms: 1e12 }), /"timeout_ms" is not from 1 to 2147483647/],
  ];
  for (const [wire, problem] of malformed) {
    test(`refuses ${wire.slice(0, 12)}... because ${problem.source}`, () => {
      assert.throws(
        () => decodeJob(wire),
        (error) =>
          error instanceof MalformedJobError && problem.test(error.message) && error.wire === wire,
      );
    });
  }

  test("says where a text is not JSON, and shows nothing of it", () => {
    const wire = `{"id":1 "x":"${"secret".repeat(1000)}"}`;
    assert.throws(() => decodeJob(wire), {
      message: `not a job: it is not JSON at position 8 (${wire.length} characters)`,
    });
  });
});

interface Member {
  readonly key: string;
  readonly value: string;
  readonly space: string;
}

const CHANGED: ReadonlySet<string> = new Set(["status", "retries", "at", "at_us"]);
const KNOWN: ReadonlySet<string> = new Set([
  ...Object.keys(JSON.parse(makeJob().wire) as object),
  "timeout_ms",
]);

function member(key: string, value: fc.Arbitrary<string>): fc.Arbitrary<Member> {
  return fc.record({ key: fc.constant(key), value, space: spaceText });
}

const unknownMember: fc.Arbitrary<Member> = fc.record({
  key: keyInside.filter((key) => !KNOWN.has(JSON.parse(`"${key}"`) as string)),
  value: valueText,
  space: spaceText,
});

const nat = fc.nat().map(String);

/** The members of a job by any producer, in any order, with members that we do not know. */
const jobMembers: fc.Arbitrary<Member[]> = fc
  .tuple(
    member("id", fc.constant('"b88a4b7e-c37d-47bb-9138-18c204d04940"')),
    member("status", anyStatus.map(String)),
    member(
      "task_name",
      stringInside.map((inside) => `"${inside}"`),
    ),
    member(
      "queue",
      stringInside.map((inside) => `"${inside}"`),
    ),
    member("max_retries", nat),
    member("retries", nat),
    member("at", nat),
    member("at_us", fc.nat({ max: 999_999 }).map(String)),
    member("task_args", arrayText),
    member("task_kwargs", objectText),
    fc.array(unknownMember, { maxLength: 3 }),
  )
  .chain(([...parts]) => fc.shuffledSubarray(parts.flat(), { minLength: parts.flat().length }));

function render(members: readonly Member[]): string {
  const parts = members.map(
    ({ key, value, space }) => `${space}"${key}"${space}:${space}${value}${space}`,
  );
  return ` {${parts.join(",")}} `;
}

function changed(members: readonly Member[], { status, retries, atMs }: JobChanges): Member[] {
  const seconds = Math.floor(atMs / 1000);
  const values: Record<string, number> = {
    status,
    retries,
    at: seconds,
    at_us: (atMs - seconds * 1000) * 1000,
  };
  return members.map((each) =>
    CHANGED.has(each.key) ? { ...each, value: String(values[each.key]) } : each,
  );
}

suite("rewriteJob()", () => {
  test("[G3] rewriteJob() changes status, retries and time, and no other byte", () => {
    fc.assert(
      fc.property(jobMembers, anyChanges, (members, changes) => {
        const rewritten = rewriteJob(decodeJob(render(members)), changes);
        assert.equal(rewritten.wire, render(changed(members, changes)));
        const { job, wire } = rewritten;
        assert.deepEqual(decodeJob(wire), { job, wire });
      }),
    );
  });

  test("[G3] rewriteJob() keeps the text of arguments that we encoded, retry after retry", () => {
    const values = fc.tuple(
      fc.array(anyJsonValue),
      fc.dictionary(anyKey, anyJsonValue),
      fc.array(anyChanges, { minLength: 1, maxLength: 4 }),
    );
    fc.assert(
      fc.property(values, ([args, kwargs, retries]) => {
        const [argsJson, kwargsJson] = [JSON.stringify(args), JSON.stringify(kwargs)];
        let stored = makeJob({ args, kwargs });
        for (const changes of retries) stored = rewriteJob(decodeJob(stored.wire), changes);
        assert(stored.wire.endsWith(`,"task_args":${argsJson},"task_kwargs":${kwargsJson}}`));
        assert.deepEqual(stored.job.args, JSON.parse(argsJson));
        assert.deepEqual(stored.job.kwargs, JSON.parse(kwargsJson));
      }),
    );
  });

  const oddArguments = [
    ...ODD_NUMBERS,
    "[]",
    "{}",
    "[[], {}, [[]]]",
    '{"a": 1, "a": 2, "": 3, "__proto__": 4}',
    String.raw`"\"at\":1,"`,
    String.raw`"{\"at\":1}"`,
    String.raw`"\\\""`,
    String.raw`"ends in a backslash \\"`,
    String.raw`"\ud800 \udc00"`,
    '"}],\\u007d"',
    '{"id": "not-the-job-id", "at": 5, "status": 9, "retries": 7, "at_us": 1}',
    "[ 1 ,\n\t2 ]",
  ];
  for (const text of oddArguments) {
    test(`[G3] rewriteJob() keeps the argument ${text.replaceAll(/\s+/g, " ")} byte for byte`, () => {
      const argsJson = `[${text}]`;
      const kwargsJson = `{"at":${text}}`;
      const { wire } = makeJobOfTexts({ argsJson, kwargsJson });
      const changes = { status: JobStatus.WAITING, retries: 1, atMs: START_MS + 3000 };
      const rewritten = rewriteJob(decodeJob(wire), changes);
      assert(rewritten.wire.endsWith(`,"task_args":${argsJson},"task_kwargs":${kwargsJson}}`));
      assert.equal(decodeJob(rewritten.wire).job.retries, 1);
    });
  }

  test("[G3] rewriteJob() tells how to make the text of the one before, where that is long", () => {
    const long = fc.string({ minLength: 1100, maxLength: 1300, unit: "grapheme" });
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), long, anyChanges, (taskName, text, changes) => {
        const before = makeJob({ taskName, args: [text] });
        const { wire, edit } = rewriteJob(before, changes);
        if (before.wire.includes("\uFFFD")) return;
        assert.ok(edit !== undefined);
        const rest = Buffer.from(before.wire).subarray(edit.replacedBytes);
        assert.equal(Buffer.concat([Buffer.from(edit.head), rest]).toString(), wire);
      }),
    );
  });

  test("rewriteJob() tells no such edit of a short text, nor where bytes were no characters", () => {
    const changes = { status: JobStatus.WAITING, retries: 1, atMs: START_MS };
    const args = ["x".repeat(2000)];
    assert.ok(rewriteJob(makeJob({ args }), changes).edit !== undefined);
    assert.equal(rewriteJob(makeJob(), changes).edit, undefined);
    assert.equal(rewriteJob(makeJob({ taskName: "\uFFFD", args }), changes).edit, undefined);
  });

  test("rewriteHead() and decodeHead() do the same of a text that ends before its arguments", () => {
    const changes = { status: JobStatus.QUEUED, retries: 3, atMs: START_MS + 5 };
    const whole = makeJob({ taskName: "wörk", timeoutMs: 7, args: ["x".repeat(2000)] });
    const head = decodeHead(whole.wire.slice(0, whole.wire.indexOf(',"task_args":')));
    assert.deepEqual(head.job, { ...whole.job, args: [] });
    assert.deepEqual(rewriteHead(head, changes).edit, rewriteJob(whole, changes).edit);
  });

  test("[G3] rewriteJob() keeps the members of a later version, and our own timeout", () => {
    const wire = makeJob({ timeoutMs: 5 }).wire.replace("{", '{"trace":{"at":1},"v":2.0,');
    const changes = { status: JobStatus.QUEUED, retries: 0, atMs: START_MS };
    assert.equal(
      rewriteJob(decodeJob(wire), changes).wire,
      wire.replace('"status":3', '"status":2'),
    );
  });

  test("changes every copy of a repeated member, so that each reader sees the same", () => {
    const wire = makeJob().wire.replace(/\}$/, ',"retries":0,"at":7}');
    const changes = { status: JobStatus.WAITING, retries: 2, atMs: START_MS };
    const rewritten = rewriteJob(decodeJob(wire), changes);
    assert.equal(rewritten.wire.match(/"retries":2/g)?.length, 2);
    assert.deepEqual(decodeJob(rewritten.wire), rewritten);
  });

  test("carries microseconds, given as a fraction of a ms", () => {
    const time = fc.tuple(fc.nat({ max: 4_000_000_000 }), fc.nat({ max: 999_999 }));
    fc.assert(
      fc.property(time, ([seconds, micros]) => {
        const { wire } = rewriteJob(makeJob(), {
          status: JobStatus.RUNNING,
          retries: 0,
          atMs: seconds * 1000 + micros / 1000,
        });
        assert(wire.includes(`"at":${seconds},"at_us":${micros},`), wire);
      }),
    );
  });
});

interface Recording {
  readonly steps: ReadonlyArray<{
    readonly keys: Readonly<Record<string, { readonly type: string; readonly value: unknown }>>;
  }>;
}

interface RecordedJob {
  readonly text: string;
  readonly status: JobStatus;
}

/** Every text of a job that Python Spinach left in Redis, with the status that its place means. */
function recordedJobs(): RecordedJob[] {
  const file = new URL("../fixtures/python-spinach-0.0.25.json", import.meta.url);
  const { steps } = JSON.parse(readFileSync(file, "utf8")) as Recording;
  const jobs = new Map<string, RecordedJob>();
  for (const { type, value } of steps.flatMap(({ keys }) => Object.values(keys))) {
    for (const { text, status } of textsIn(type, value)) {
      if (text.includes('"task_args"')) jobs.set(text, { text, status });
    }
  }
  return [...jobs.values()];
}

function textsIn(type: string, value: unknown): RecordedJob[] {
  switch (type) {
    case "list":
      return (value as string[]).map((text) => ({ text, status: JobStatus.QUEUED }));
    case "zset":
      return (value as Array<[string, number]>).map(([text]) => ({
        text,
        status: JobStatus.WAITING,
      }));
    case "hash":
      return Object.values(value as Record<string, string>).map((text) => ({
        text,
        status: JobStatus.RUNNING,
      }));
    default:
      return [];
  }
}

/** What the program of the recording scheduled, by job id. */
const SCHEDULED: Readonly<Record<string, object>> = {
  "b88a4b7e-c37d-47bb-9138-18c204d04940": { taskName: "compute", args: [5, 3] },
  "f8aeccc8-f02a-4fd4-9a9b-e1020c0734e5": {
    taskName: "compute",
    args: ['naïve ☃ "quoted" \\ line\nbreak'],
    kwargs: { b: { nested: [1, 2.5, null, true, { id: "not-the-job-id" }] } },
  },
  "600574b1-4a49-467d-b622-20dcd573ffb3": { taskName: "compute", args: [1] },
  "ba5a59b2-a0cc-483e-b850-6dc4fd66ae7c": { taskName: "once" },
  "0c743426-6fa5-468a-b015-013197bda233": {
    taskName: "limited",
    queue: "slow",
    maxRetries: 3,
    args: [1],
    kwargs: { k: 2 },
  },
  "f2473b59-f684-4119-a97d-f85ed2ce0046": { taskName: "limited", queue: "slow", maxRetries: 3 },
  "f8e3f656-e88b-4bd2-badd-efba3c503ced": { taskName: "retryable", maxRetries: 10, args: [7] },
  "b097e117-e208-4dce-bb71-d0b26dea8c28": { taskName: "retryable", maxRetries: 10, args: [8] },
  "d546a974-cad5-4461-9d24-80201b2a2a93": { taskName: "tick" },
};

interface WireTime {
  readonly at: number;
  readonly at_us: number;
}

suite("the codec on what Python Spinach 0.0.25 left in Redis", () => {
  const jobs = recordedJobs();

  test("finds every job of the recording, the re-encoded ones too", () => {
    const ids = new Set(jobs.map(({ text }) => decodeJob(text).job.id));
    assert.deepEqual([...ids].toSorted(), Object.keys(SCHEDULED).toSorted());
    assert(jobs.some(({ text }) => text.includes('"task_args":{}')));
  });

  for (const { text, status } of jobs) {
    const { at, at_us: micros } = JSON.parse(text) as WireTime;
    const { job } = decodeJob(text);
    const title = `${job.taskName} ${job.id.slice(0, 8)} with status ${status}`;

    test(`decodeJob() reads ${title}`, () => {
      assert.deepEqual(job, {
        id: job.id,
        queue: "spinach",
        maxRetries: 0,
        args: [],
        kwargs: {},
        ...SCHEDULED[job.id],
        status,
        at: new Date(at * 1000 + Math.floor(micros / 1000)),
        retries: job.taskName === "retryable" && at === 1_795_423_816 ? 1 : 0,
      });
    });

    test(`[G3] rewriteJob() without a change gives back the bytes of ${title}`, () => {
      const { retries } = job;
      const same = { status, retries, atMs: at * 1000 + micros / 1000 };
      assert.deepEqual(rewriteJob(decodeJob(text), same), { job, wire: text });
    });

    test(`[G3] rewriteJob() for a retry touches only its own members of ${title}`, () => {
      const changes = { status: JobStatus.WAITING, retries: 2, atMs: START_MS + 1 };
      const { wire } = rewriteJob(decodeJob(text), changes);
      const own = /"(?:status|retries|at|at_us)": ?\d+/g;
      assert.equal(wire.replaceAll(own, ""), text.replaceAll(own, ""));
      const seconds = START_MS / 1000;
      const expected = { status: 1, retries: 2, at: seconds, at_us: 1000 };
      assert.deepEqual(JSON.parse(wire), { ...(JSON.parse(text) as object), ...expected });
    });
  }

  test("decodeJob() reads the time to its millisecond", () => {
    const job = jobs.find(({ text }) => text.includes("600574b1"));
    assert(job !== undefined);
    assert.equal(decodeJob(job.text).job.at.toISOString(), "2031-05-06T07:08:09.123Z");
  });
});
