/** Each rule finds what it is there for, and lets pass what a fault explains. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { Life } from "../child-process.ts";
import type { FaultWindow } from "../fault.ts";
import { type History, historyOf } from "../history.ts";
import type { Entry, Journal, RunEnd } from "../journal.ts";
import { allEnd, endingOf } from "./all-end.ts";
import { intact, refusedStaysOut, wholeBatches } from "./arrives-whole.ts";
import { deathsTakeFew, MOST_HELD } from "./deaths-take-few.ts";
import { beatsGoOn, jobsGoOn } from "./goes-on.ts";
import { limitsKept } from "./limits-kept.ts";
import { leasesKept, processesEnd, startsStop } from "./processes-end.ts";
import { rerunsExplained } from "./reruns-explained.ts";
import { runsOnce } from "./runs-once.ts";
import { thinLinesCarry } from "./thin-lines.ts";
import { neverEarly, onePerPeriod } from "./times-kept.ts";

const LEASE_MS = 1000;

interface Told {
  /** Of the producer. */
  readonly producer?: readonly Entry[];
  /** Of `worker1.1` and so on. */
  readonly workers?: ReadonlyArray<readonly Entry[]>;
  readonly lives?: readonly Life[];
  readonly windows?: readonly FaultWindow[];
  readonly heldAtDeath?: readonly string[];
  readonly workingUntilMs?: number;
  /** Of other processes. */
  readonly journals?: readonly Journal[];
}

function historyFrom({ producer = [], workers = [], ...told }: Told): History {
  const { lives = [], windows = [], heldAtDeath = [], workingUntilMs = 0 } = told;
  const journals: Journal[] = [
    { process: "producer.1", entries: producer },
    ...(told.journals ?? []),
  ];
  for (const [index, entries] of workers.entries()) {
    journals.push({ process: `worker${index + 1}.1`, entries });
  }
  return historyOf({
    journals,
    lives,
    windows,
    heldAtDeath: new Set(heldAtDeath),
    workingUntilMs,
    leaseMs: LEASE_MS,
  });
}

/** A job called and identified by its key, which was intended at 0 and acknowledged at 1. */
function scheduled(task: string, ...keys: readonly string[]): readonly Entry[] {
  return [
    { event: "intend", atMs: 0, jobs: keys.map((key) => ({ key, task })) },
    { event: "acknowledged", atMs: 1, keys, ids: keys },
  ];
}

interface Ran {
  readonly task: string;
  readonly key?: string;
  readonly attempt?: number;
  readonly from: number;
  /** `undefined` for one that does not end. */
  readonly until?: number;
  readonly how?: RunEnd;
  readonly dueMs?: number;
}

function ran({ task, key = "a", attempt = 0, from, until, how = "ok", dueMs = 0 }: Ran): Entry[] {
  const start: Entry = {
    event: "start",
    atMs: from,
    wallMs: from,
    key,
    id: key,
    task,
    attempt,
    thread: 0,
    dueMs,
  };
  return until === undefined
    ? [start]
    : [start, { event: "end", atMs: until, id: key, attempt, how }];
}

function life(process: string, told: Partial<Life> = {}): Life {
  const lives = { startedAtMs: 0, endedAtMs: undefined, endedBy: undefined } as const;
  return { process, ...lives, stopMs: undefined, code: undefined, ...told };
}

function messages(
  rule: { check(history: History): ReadonlyArray<{ readonly message: string }> },
  told: Told,
): readonly string[] {
  return rule.check(historyFrom(told)).map(({ message }) => message);
}

const KILLED = [life("worker1.1", { endedBy: "kill", endedAtMs: 100 })];

describe("allEnd", () => {
  const once = scheduled("once", "a");
  const retried = scheduled("retried", "a");

  test("finds a job that was acknowledged and never ran", () => {
    assert.equal(messages(allEnd, { producer: retried }).length, 1);
    assert.equal(messages(allEnd, { producer: once }).length, 1);
    assert.equal(messages(allEnd, { producer: retried, heldAtDeath: ["a"] }).length, 1);
  });
  test("lets pass an at-most-once job that a dead process held", () => {
    const told = { producer: once, heldAtDeath: ["a"] };
    assert.deepEqual(messages(allEnd, told), []);
    const history = historyFrom(told);
    assert.deepEqual(
      [...history.jobs.values()].map((job) => endingOf(history, job)),
      ["never started"],
    );
  });
  test("lets pass a job that was failed because its processes died", () => {
    const rescue = { event: "rescued", atMs: 20, broker: "b", jobs: 1, failed: ["a"] } as const;
    assert.deepEqual(messages(allEnd, { producer: retried, workers: [[rescue]] }), []);
    const other = [{ ...rescue, failed: ["b"] }];
    assert.equal(messages(allEnd, { producer: retried, workers: [other] }).length, 1);
    const threw = ran({ task: "retried", from: 10, until: 11, how: "threw" });
    assert.deepEqual(messages(allEnd, { producer: retried, workers: [threw, [rescue]] }), []);
  });
  test("finds a retry that never came", () => {
    const failed = ran({ task: "retried", from: 10, until: 11, how: "threw" });
    assert.equal(messages(allEnd, { producer: retried, workers: [failed] }).length, 1);
    const last = ran({ task: "retried", attempt: 5, from: 10, until: 11, how: "threw" });
    assert.deepEqual(messages(allEnd, { producer: retried, workers: [last] }), []);
  });
  test("finds a job whose killed process nobody took over", () => {
    const cut = ran({ task: "retried", from: 10 });
    assert.equal(messages(allEnd, { producer: retried, workers: [cut], lives: KILLED }).length, 1);
  });
  test("lets pass what was not acknowledged", () => {
    assert.deepEqual(messages(allEnd, { producer: retried.slice(0, 1) }), []);
  });
});

describe("runsOnce", () => {
  test("finds an at-most-once job that ran twice, even after a stop", () => {
    const workers = [
      ran({ task: "once", from: 10, until: 11, how: "stopped" }),
      ran({ task: "once", from: 20, until: 21 }),
    ];
    assert.equal(messages(runsOnce, { producer: scheduled("once", "a"), workers }).length, 1);
  });
  test("finds a second attempt of an at-most-once job", () => {
    const workers = [
      ran({ task: "once", from: 10 }),
      ran({ task: "once", attempt: 1, from: 20, until: 21 }),
    ];
    const told = { producer: scheduled("once", "a"), workers, lives: KILLED };
    assert.equal(messages(runsOnce, told).length, 1);
  });
  test("finds an attempt that was made twice, unless a stop put the job back", () => {
    const again = ran({ task: "retried", from: 20, until: 21 });
    const producer = scheduled("retried", "a");
    const stopped = ran({ task: "retried", from: 10, until: 11, how: "stopped" });
    assert.deepEqual(messages(runsOnce, { producer, workers: [stopped, again] }), []);
    const ended = ran({ task: "retried", from: 10, until: 11 });
    assert.equal(messages(runsOnce, { producer, workers: [ended, again] }).length, 1);
  });
  test("finds a periodic job that ran twice", () => {
    const workers = [10, 20].map((from) => ran({ task: "beat", from, until: from + 1 }));
    assert.equal(messages(runsOnce, { workers }).length, 1);
  });
});

describe("rerunsExplained", () => {
  const producer = scheduled("retried", "a");
  const workers = [
    ran({ task: "retried", from: 10, until: 11 }),
    ran({ task: "retried", attempt: 1, from: 5000, until: 5001 }),
  ];

  test("finds a job that runs again after it succeeded", () => {
    assert.equal(messages(rerunsExplained, { producer, workers }).length, 1);
  });
  test("lets pass a failure, a kill, and a lease that was lost meanwhile", () => {
    assert.deepEqual(messages(rerunsExplained, { producer, workers, lives: KILLED }), []);
    const failed = ran({ task: "retried", from: 10, until: 11, how: "threw" });
    const [, next = []] = workers;
    assert.deepEqual(messages(rerunsExplained, { producer, workers: [failed, next] }), []);
    const lost: Entry = { event: "lost", atMs: 6000 };
    const windows = [{ name: "frozen", target: "worker1", sinceMs: 9, untilMs: 5999 }];
    const withLoss = [[...(workers[0] ?? []), lost], next];
    assert.deepEqual(messages(rerunsExplained, { producer, workers: withLoss, windows }), []);
  });
  test("lets pass a takeover that its process learns of long after, because one fault followed the other", () => {
    const [first = [], next = []] = workers;
    const own: Entry = { event: "broker", atMs: 0, id: "b" };
    const rescue: Entry = { event: "rescued", atMs: 4999, broker: "b", jobs: 1, failed: [] };
    const lost: Entry = { event: "lost", atMs: 20_000 };
    const windows = [
      { name: "frozen", target: "worker1", sinceMs: 3000, untilMs: 6000 },
      { name: "partition", target: "network of worker1", sinceMs: 5900, untilMs: 19_900 },
    ];
    const told = {
      producer,
      windows,
      workers: [
        [own, ...first, lost],
        [rescue, ...next],
      ],
    };
    assert.deepEqual(messages(rerunsExplained, told), []);
    const unknown = { ...told, workers: [[own, ...first, lost], next] };
    assert.equal(messages(rerunsExplained, unknown).length, 1);
  });
  test("lets pass an attempt that a process starts late, until it notices that its lease is lost", () => {
    const late = ran({ task: "retried", from: 3000, until: 3001 });
    const lost: Entry = { event: "lost", atMs: 3002 };
    const elsewhere = ran({ task: "retried", attempt: 1, from: 2000, until: 2001 });
    const windows = [{ name: "frozen", target: "worker1", sinceMs: 9, untilMs: 2999 }];
    const noticed = { producer, workers: [[...late, lost], elsewhere], windows };
    assert.deepEqual(messages(rerunsExplained, noticed), []);
    const never = { producer, workers: [late, elsewhere], windows };
    assert.equal(messages(rerunsExplained, never).length, 1);
  });
  test("does not take a kill that came later for a reason, but a takeover that the killed one never heard of", () => {
    const lives = [life("worker1.1", { endedBy: "kill", endedAtMs: 5002 })];
    assert.equal(messages(rerunsExplained, { producer, workers, lives }).length, 1);
    const [first = [], next = []] = workers;
    const own: Entry = { event: "broker", atMs: 0, id: "b" };
    const rescue: Entry = { event: "rescued", atMs: 4999, broker: "b", jobs: 1, failed: [] };
    const windows = [
      { name: "partition", target: "network of worker1", sinceMs: 9, untilMs: 5100 },
    ];
    const told = {
      producer,
      workers: [
        [own, ...first],
        [rescue, ...next],
      ],
      lives,
    };
    assert.deepEqual(messages(rerunsExplained, { ...told, windows }), []);
    assert.equal(messages(leasesKept, told).length, 1);
    const other = {
      ...told,
      workers: [
        [{ ...own, id: "c" }, ...first],
        [rescue, ...next],
      ],
    };
    assert.equal(messages(rerunsExplained, { ...other, windows }).length, 1);
  });
});

describe("limitsKept", () => {
  const keys = ["a", "b", "c", "d"];
  const producer = scheduled("onceLimited", ...keys);
  const task = "onceLimited";

  test("finds four at once where three may be", () => {
    const runs = keys.flatMap((key) => ran({ task, key, from: 10, until: 20 }));
    assert.deepEqual(messages(limitsKept, { producer, workers: [runs] }), [
      "4 of onceLimited ran at once; its limit is 3",
    ]);
  });
  test("counts a killed run until the kill, and one after the other as one", () => {
    const cut = ran({ task, key: "a", from: 10 });
    const others = ["b", "c", "d"].flatMap((key) => ran({ task, key, from: 100, until: 120 }));
    const workers = [cut, others];
    assert.deepEqual(messages(limitsKept, { producer, workers, lives: KILLED }), []);
    const lives = [life("worker1.1", { endedBy: "kill", endedAtMs: 101 })];
    assert.equal(messages(limitsKept, { producer, workers, lives }).length, 1);
  });
  test("counts a frozen run until its lease can have ended", () => {
    const lost: Entry = { event: "lost", atMs: 3000 };
    const frozen = [...ran({ task, key: "a", from: 10, until: 3000 }), lost];
    const windows = [{ name: "frozen", target: "worker1", sinceMs: 20, untilMs: 2990 }];
    const others = (from: number): Entry[] =>
      ["b", "c", "d"].flatMap((key) => ran({ task, key, from, until: from + 10 }));
    const after = { producer, workers: [frozen, others(2000)], windows };
    assert.deepEqual(messages(limitsKept, after), []);
    const before = { producer, workers: [frozen, others(500)], windows };
    assert.equal(messages(limitsKept, before).length, 1);
  });
});

describe("times", () => {
  test("neverEarly finds a start before its time", () => {
    const jobs = [{ key: "a", task: "once", notBeforeMs: 100 }];
    const producer: Entry[] = [{ event: "intend", atMs: 0, jobs }];
    const early = { producer, workers: [ran({ task: "once", from: 99, until: 100 })] };
    assert.deepEqual(messages(neverEarly, early), ["once a started 1 ms early"]);
    const right = { producer, workers: [ran({ task: "once", from: 100, until: 101 })] };
    assert.deepEqual(messages(neverEarly, right), []);
  });
  test("onePerPeriod finds three runs within a period, not two", () => {
    const at = (...times: readonly number[]): Told => ({
      workers: [
        times.flatMap((dueMs, index) => ran({ task: "beat", key: `${index}`, from: 1, dueMs })),
      ],
    });
    assert.deepEqual(messages(onePerPeriod, at(0, 900, 1100, 2100)), []);
    assert.equal(messages(onePerPeriod, at(0, 10, 20)).length, 1);
  });
});

describe("what arrives", () => {
  test("intact finds arguments that were changed", () => {
    const workers: Entry[][] = [[{ event: "corrupt", atMs: 1, key: "a" }]];
    assert.equal(messages(intact, { producer: scheduled("once", "a"), workers }).length, 1);
  });
  test("wholeBatches finds half a batch", () => {
    const producer = scheduled("retried", "a", "b").slice(0, 1);
    const workers = [ran({ task: "retried", from: 10, until: 11 })];
    assert.equal(messages(wholeBatches, { producer, workers }).length, 1);
    assert.deepEqual(messages(wholeBatches, { producer }), []);
  });
  test("refusedStaysOut finds a job that ran after its refusal, unless that left it open", () => {
    const refusal = (why: string): Entry[] => [
      ...scheduled("once", "a").slice(0, 1),
      { event: "refused", atMs: 1, keys: ["a"], why },
    ];
    const workers = [ran({ task: "once", from: 10, until: 11 })];
    assert.equal(messages(refusedStaysOut, { producer: refusal("full"), workers }).length, 1);
    const open = refusal("the jobs may or may not have been scheduled");
    assert.deepEqual(messages(refusedStaysOut, { producer: open, workers }), []);
  });
});

describe("processes", () => {
  test("processesEnd finds one that ends by itself, with another code, or too late", () => {
    const found = (told: Partial<Life>): number =>
      messages(processesEnd, { lives: [life("worker1.1", told)] }).length;
    assert.equal(found({ endedBy: "itself", code: 1 }), 1);
    assert.equal(found({ endedBy: "stop", code: 1 }), 1);
    assert.equal(found({ endedBy: "stop", code: 0, stopMs: 20_000 }), 1);
    assert.equal(found({ endedBy: "stop", code: 0, stopMs: 500 }), 0);
    assert.equal(found({ endedBy: "kill" }), 0);
  });
  test("leasesKept finds a lease that was lost while nothing happened", () => {
    const workers: Entry[][] = [[{ event: "lost", atMs: 9000 }]];
    assert.equal(messages(leasesKept, { workers }).length, 1);
    const windows = [
      { name: "partition", target: "network of worker1", sinceMs: 1, untilMs: 8000 },
    ];
    assert.deepEqual(messages(leasesKept, { workers, windows }), []);
    const elsewhere = [{ name: "frozen", target: "worker2", sinceMs: 1, untilMs: 8000 }];
    assert.equal(messages(leasesKept, { workers, windows: elsewhere }).length, 1);
  });
});

describe("deathsTakeFew", () => {
  const keys = Array.from({ length: MOST_HELD + 1 }, (_, index) => `job ${index}`);
  const producer = scheduled("once", ...keys);
  const rescued = (broker: string, failed: readonly string[]): Entry => ({
    event: "rescued",
    atMs: 20,
    broker,
    jobs: failed.length,
    failed,
  });

  test("finds a process that took more with it than it may hold", () => {
    const found = messages(deathsTakeFew, { producer, workers: [[rescued("b", keys)]] });
    assert.deepEqual(found, [`broker b took ${MOST_HELD + 1} at-most-once jobs with it`]);
    const [first = "", ...rest] = keys;
    const two = [[rescued("b", rest), rescued("c", [first])]];
    assert.deepEqual(messages(deathsTakeFew, { producer, workers: two }), []);
  });
  test("finds more lost jobs than those whose leases were lost could hold", () => {
    const lost: Entry = { event: "lost", atMs: 500 };
    const found = messages(deathsTakeFew, { producer, workers: [[lost]] });
    assert.deepEqual(found, [`1 lost leases took ${MOST_HELD + 1} at-most-once jobs`]);
    assert.deepEqual(messages(deathsTakeFew, { producer, workers: [[lost], [lost]] }), []);
  });
});

/** The store lost all between 50 and 60. */
const EMPTIED = [{ name: "empty", target: "server", sinceMs: 50, untilMs: 60, empties: true }];

describe("a store that came back empty", () => {
  const producer = scheduled("retried", "a");
  const later: Entry[] = [
    { event: "intend", atMs: 61, jobs: [{ key: "a", task: "retried" }] },
    { event: "acknowledged", atMs: 62, keys: ["a"], ids: ["a"] },
  ];

  test("allEnd lets pass what was there before, and finds what came after", () => {
    assert.deepEqual(messages(allEnd, { producer, windows: EMPTIED }), []);
    assert.equal(messages(allEnd, { producer: later, windows: EMPTIED }).length, 1);
    const mere = EMPTIED.map((window) => ({ ...window, empties: false }));
    assert.equal(messages(allEnd, { producer, windows: mere }).length, 1);
  });
  test("allEnd takes an at-most-once job for lost with the store before it takes it for held by who lost a lease", () => {
    const workers: Entry[][] = [[{ event: "lost", atMs: 500 }]];
    const history = historyFrom({ producer: scheduled("once", "a"), workers, windows: EMPTIED });
    const endings = [...history.jobs.values()].map((job) => endingOf(history, job));
    assert.deepEqual(endings, ["lost with the store"]);
  });
  test("runsOnce and rerunsExplained let pass a call that was under way, and find one that had ended", () => {
    const workers = [
      ran({ task: "retried", from: 40, until: 41 }),
      ran({ task: "retried", from: 70, until: 71 }),
    ];
    const [intended] = producer;
    assert.ok(intended !== undefined);
    const underWay = [
      intended,
      { event: "acknowledged", atMs: 65, keys: ["a"], ids: ["a"] },
    ] as const;
    for (const rule of [runsOnce, rerunsExplained]) {
      const open = { producer: underWay, workers, windows: EMPTIED };
      assert.deepEqual(messages(rule, open), []);
      assert.equal(messages(rule, { ...open, windows: [] }).length, 1);
      assert.equal(messages(rule, { ...open, producer }).length, 1);
    }
  });
  test("limitsKept does not count what the store has forgotten, and counts all that runs since", () => {
    const keys = ["a", "b", "c", "d", "e", "f"];
    const all = scheduled("onceLimited", ...keys);
    const runs = (some: readonly string[], from: number): Entry[] =>
      some.flatMap((key) => ran({ task: "onceLimited", key, from, until: 200 }));
    const half = [runs(["a", "b", "c"], 10), runs(["d", "e", "f"], 70)];
    assert.deepEqual(messages(limitsKept, { producer: all, workers: half, windows: EMPTIED }), []);
    const tooMany = [runs(["a", "b"], 10), runs(["c", "d", "e", "f"], 70)];
    const found = messages(limitsKept, { producer: all, workers: tooMany, windows: EMPTIED });
    assert.deepEqual(found, ["4 of onceLimited ran at once; its limit is 3"]);
  });
  test("leasesKept knows that it took the leases", () => {
    const workers: Entry[][] = [[{ event: "lost", atMs: 500 }]];
    assert.deepEqual(messages(leasesKept, { workers, windows: EMPTIED }), []);
  });
});

/** One worker that lives, and nothing that goes wrong. */
const WELL = { lives: [life("worker1.1")], workingUntilMs: 40_000 };
const LIFTED = { name: "kill -9 of Redis", target: "server", sinceMs: 10_000, untilMs: 12_000 };
const FROZEN = { name: "frozen", target: "worker1", sinceMs: 20_000, untilMs: 25_000 };

describe("what goes on", () => {
  const keys = Array.from({ length: 20 }, (_, index) => `job ${index}`);
  const producer: Entry[] = keys.flatMap((key, index) => [
    { event: "intend", atMs: 20_000 + index * 100, jobs: [{ key, task: "once" }] },
    { event: "acknowledged", atMs: 20_001 + index * 100, keys: [key], ids: [key] },
  ]);
  const startedAt = (...times: readonly number[]): Entry[][] => [
    times.flatMap((from, index) =>
      ran({ task: "once", key: `job ${index}`, from, until: from + 1 }),
    ),
  ];

  test("jobsGoOn finds jobs that nobody starts, though a worker is well", () => {
    const told = { producer, ...WELL };
    assert.equal(messages(jobsGoOn, { ...told, workers: startedAt(19_999) }).length, 1);
    const soon = startedAt(19_999, 24_000);
    assert.deepEqual(messages(jobsGoOn, { ...told, workers: soon }), []);
  });
  test("jobsGoOn lets pass what a fault of the store explains, and a gap without a worker", () => {
    const workers = startedAt(19_999);
    const outage = { ...LIFTED, sinceMs: 25_000, untilMs: 38_000 };
    assert.deepEqual(messages(jobsGoOn, { producer, ...WELL, workers, windows: [outage] }), []);
    assert.deepEqual(messages(jobsGoOn, { producer, ...WELL, workers, windows: [FROZEN] }), []);
  });
  test("jobsGoOn takes no excuse from what must be borne", () => {
    const junk = { ...LIFTED, name: "junk", sinceMs: 19_000, untilMs: 38_000, isBorne: true };
    const told = { producer, ...WELL, workers: startedAt(18_999), windows: [junk] };
    assert.equal(messages(jobsGoOn, told).length, 1);
  });
  test("beatsGoOn finds a periodic task that does not come back after a fault", () => {
    const beats = (...times: readonly number[]): Entry[][] => [
      ["beat", "slowBeat"].flatMap((task) =>
        times.flatMap((from) => ran({ task, key: `${task} ${from}`, from, until: from + 1 })),
      ),
    ];
    const every = [5000, 10_000, 15_000, 20_000, 25_000, 30_000, 35_000];
    const told = { ...WELL, windows: [LIFTED] };
    assert.deepEqual(messages(beatsGoOn, { ...told, workers: beats(...every) }), []);
    assert.equal(messages(beatsGoOn, { ...told, workers: beats(5000, 10_000) }).length, 2);
  });
});

describe("thinLinesCarry", () => {
  const thin = { name: "thin line, both ways", target: "network of worker1" };
  const windows = [{ ...thin, sinceMs: 1000, untilMs: 20_000 }];
  const lives = [life("worker1.1")];
  const producer = scheduled("once", "a");

  test("finds a process that does nothing over its thin line", () => {
    assert.equal(messages(thinLinesCarry, { producer, lives, windows }).length, 1);
    const workers = [ran({ task: "once", from: 10_000, until: 10_001 })];
    assert.deepEqual(messages(thinLinesCarry, { producer, lives, windows, workers }), []);
    const early = [ran({ task: "once", from: 4000, until: 4001 })];
    assert.equal(messages(thinLinesCarry, { producer, lives, windows, workers: early }).length, 1);
  });
  test("lets pass one that has another fault", () => {
    const both = [...windows, { ...FROZEN, sinceMs: 2000, untilMs: 8000 }];
    assert.deepEqual(messages(thinLinesCarry, { producer, lives, windows: both }), []);
  });
});

describe("startsStop", () => {
  test("finds a close that takes too long, and a process that lives on", () => {
    const found = (closed: readonly Entry[], endedAtMs: number): number => {
      const lives = [
        life("worker1.1"),
        life("starter.1", { endedBy: "itself", code: 0, endedAtMs }),
      ];
      const journals = [{ process: "starter.1", entries: closed }];
      return startsStop.check(historyFrom({ lives, journals })).length;
    };
    const closed = (tookMs: number): Entry => ({ event: "closed", atMs: 1000, tookMs });
    assert.equal(found([closed(100)], 1100), 0);
    assert.equal(found([closed(20_000), closed(0)], 1100), 1);
    assert.equal(found([closed(100)], 60_000), 1);
    assert.equal(found([], 60_000), 1);
  });
});
