import type { LuaScript, ScriptCall } from "../../../src/brokers/redis/lua-scripts.ts";
import * as scripts from "../../../src/brokers/redis/lua-scripts.ts";
import { RedisKeys } from "../../../src/brokers/redis/redis-keys.ts";

/** Commands of Redis, each with its arguments. */
export type Commands = ReadonlyArray<readonly string[]>;

/** A call of a script, on keys that hold something of everything that it reads and writes. */
export interface ScriptCase {
  readonly what: string;
  readonly call: ScriptCall;
  /** Commands that make the keys. */
  readonly before: Commands;
  /** The same call without its second half, for a script that says that only its first was done. */
  readonly firstHalf?: ScriptCall;
  /** Ids of jobs that the call ends. */
  readonly ends?: readonly string[];
}

const NAMESPACE = "atomicity";
const KEYS = new RedisKeys(NAMESPACE);
export const CHANNEL: string = KEYS.channel;
const ME = "me";
const FIXED = KEYS.fixed;
const RUNNING = KEYS.running(ME);
const QUEUES = ["q1", "q2"];
const QUEUE_KEYS = QUEUES.flatMap((name) => KEYS.queueKeys(name));
const [Q1 = "", IDLE1 = "", Q2 = "", IDLE2 = ""] = QUEUE_KEYS;

/** In s. */
const NOW = Date.now() / 1000;

let ids = 0;

/** A new id of 36 characters. */
function newId(): string {
  ids += 1;
  return `00000000-0000-4000-8000-${String(ids).padStart(12, "0")}`;
}

function job(id: string, task = "t", queue = "q1"): string {
  return `{"id":"${id}","status":2,"task_name":"${task}","queue":"${queue}","max_retries":3,"retries":0,"at":1,"at_us":0,"task_args":[],"task_kwargs":{}}`;
}

const member = (task: string, queue: string, number: string, text: string): string =>
  [task, queue, number, text].join("\0");

const CLUSTER = [
  [
    "ZADD",
    FIXED.brokers,
    String(NOW - 10),
    ME,
    String(NOW),
    "other",
    String(NOW - 5000),
    "dead",
    "0",
    "condemned",
  ],
  [
    "HSET",
    FIXED.infos,
    ME,
    '{"id":"me","lease_ms":10000}',
    "dead",
    '{"id":"dead","lease_ms":10000}',
  ],
];

const DONE = newId();
const RETRIED = newId();
const LATER = newId();
const RELEASED = newId();
const UNREADABLE = newId();
const HELD = newId();
const IDLE = [
  ["SADD", IDLE1, "other"],
  ["SADD", IDLE2, "other"],
];
const LIMITS = [
  ["HSET", FIXED.limits, "l", "2", "python", "1"],
  ["HSET", FIXED.counts, "l", "2", "python", "0"],
  ["HSET", FIXED.ownLimits, "l", "2"],
];
const HELD_JOBS = [
  [
    "HSET",
    RUNNING,
    DONE,
    job(DONE, "l"),
    RETRIED,
    job(RETRIED),
    LATER,
    job(LATER),
    RELEASED,
    job(RELEASED, "l"),
  ],
  ["HSET", RUNNING, UNREADABLE, "rubbish", HELD, job(HELD, "l")],
];
const READY = [
  ["RPUSH", Q1, job(newId()), "rubbish", job(newId(), "l"), job(newId(), "l"), job(newId(), "l")],
  ["RPUSH", Q2, job(newId(), "t", "q2")],
];
const PARKED = [
  ["ZADD", FIXED.parked, "0", member("l", "q1", "5000000000000001", job(newId(), "l"))],
  ["ZADD", FIXED.parked, "0", member("gone", "q1", "5000000000000002", job(newId(), "gone"))],
  [
    "HSET",
    FIXED.parkedCounts,
    member("l", "q1", "", "").slice(0, 4),
    "1",
    "gone\0q1",
    "1",
    "+",
    "2",
  ],
];
const FUTURE = [
  ["ZADD", FIXED.future, String(NOW - 2), job(newId()), String(NOW - 1), job(newId(), "t", "q2")],
  ["ZADD", FIXED.future, String(NOW - 1), "rubbish", String(NOW + 1000), job(newId())],
];
const task = (name: string, periodicity: number): string =>
  JSON.stringify({ max_concurrency: -1, max_retries: 0, name, periodicity, queue: "q1" });
const PERIODIC = [
  [
    "HSET",
    FIXED.periodicTasks,
    "p",
    task("p", 60),
    "bad",
    "rubbish",
    "python",
    '{"name": "python"}',
  ],
  ["ZADD", FIXED.periodic, String(Math.floor(NOW - 1)), "p", "1", "bad", "1", "nothing"],
  ["ZADD", FIXED.periodicExact, String(NOW - 2), "back"],
  ["HSET", FIXED.ownPeriodic, "back", task("back", 60), "p", task("p", 60)],
];
const STATED = [
  ["ZADD", FIXED.stated, String(NOW - 9000), "p", String(NOW - 60), "l", String(NOW - 60), ""],
];

const exchangeArgs = {
  brokerId: ME,
  channel: CHANNEL,
  maxBytes: 1_000_000,
  taking: 2,
  callerMs: 1000,
  mayBeIdle: true,
  clears: true,
};
const settles = [
  ...QUEUES,
  "1",
  DONE,
  "0",
  "1",
  UNREADABLE,
  "it is no JSON",
  "",
  "2",
  RETRIED,
  "1000",
  "1",
  "",
  job(RETRIED),
  LATER,
  "61000",
  "2",
  "10",
  job(LATER).slice(0, 10),
  "1",
  RELEASED,
  "1",
  job(RELEASED, "l"),
];
const exchangeKeys = { ...FIXED, running: RUNNING, queues: QUEUE_KEYS };
const nothing = [...QUEUES, "0", "", "0", "0", "0", "0"];
const done = [...QUEUES, "1", DONE, "0", "0", "0", "0"];

function exchangeCase(
  what: string,
  max: number,
  jobs: readonly string[],
  before: ScriptCase["before"],
): ScriptCase {
  const call = scripts.exchange(exchangeKeys, { ...exchangeArgs, max, jobs });
  const firstHalf = scripts.exchange(exchangeKeys, { ...exchangeArgs, max: 0, jobs });
  return { what, call, firstHalf, before, ends: jobs === nothing ? [] : [DONE] };
}

const ALL = [
  ...CLUSTER,
  ...IDLE,
  ...LIMITS,
  ...HELD_JOBS,
  ...READY,
  ...PARKED,
  ...FUTURE,
  ...PERIODIC,
  ...STATED,
];
const future = (due: number, text: string): readonly string[] => [String(due), "1", text];
const enqueued = { ...FIXED, producer: KEYS.producer("me"), queues: QUEUE_KEYS };
const owned = { ...enqueued, running: RUNNING };
const newJobs = [...future(NOW + 5, job(newId())), ...future(NOW + 50, job(newId()))];

function own(): readonly string[] {
  const id = newId();
  return ["1", "1", id, "t", job(id), "1", job(newId()), "0", "0", "1", job(newId(), "t", "q2")];
}

/** Every script, and its ways. */
export const SCRIPT_CASES: readonly ScriptCase[] = [
  exchangeCase("settles and fetches where no task is limited", 10, done, [
    ...CLUSTER,
    ...IDLE,
    ...HELD_JOBS,
    ...READY,
  ]),
  exchangeCase("fetches from empty queues", 10, nothing, [...CLUSTER, ...IDLE]),
  {
    ...exchangeCase("fetches what fits", 10, nothing, [...CLUSTER, ...READY]),
    call: scripts.exchange(exchangeKeys, {
      ...exchangeArgs,
      maxBytes: 200,
      max: 10,
      jobs: nothing,
    }),
  },
  exchangeCase("fetches a part", 1, nothing, [...CLUSTER, ["SADD", IDLE1, ME], ...READY]),
  exchangeCase("settles all that there is, and fetches", 10, settles, ALL),
  exchangeCase("fetches parked jobs, and parks others", 10, nothing, ALL),
  exchangeCase("settles all that there is", 0, settles, ALL),
  {
    what: "enqueues ready and future jobs",
    call: scripts.enqueue(enqueued, {
      attempt: "2",
      firstAttempt: 2,
      channel: CHANNEL,
      futureCount: 2,
      jobs: [...QUEUES, ...newJobs, "2", job(newId()), job(newId()), "1", job(newId(), "t", "q2")],
    }),
    before: [...ALL, ["SET", enqueued.producer, "1", "EX", "1000"]],
  },
  ...[[...CLUSTER, ["SADD", IDLE1, ME]], ALL].map((before, index) => ({
    what: index === 0 ? "takes own jobs" : "enqueues jobs that it cannot take",
    call: scripts.enqueueOwn(owned, {
      attempt: "1",
      firstAttempt: 1,
      brokerId: ME,
      channel: CHANNEL,
      futureCount: 2,
      jobs: [...QUEUES, ...newJobs, ...own()],
    }),
    before,
  })),
  {
    what: "promotes what is due",
    call: scripts.tick(
      { ...FIXED, queues: QUEUE_KEYS },
      { channel: CHANNEL, maxBytes: 1000, idCount: 3, ids: [newId(), newId(), newId(), ...QUEUES] },
    ),
    before: ALL,
  },
  {
    what: "registers, forgets, and counts what runs",
    call: scripts.register(
      { ...FIXED, running: [ME, "other", "dead", "condemned"].map((id) => KEYS.running(id)) },
      {
        channel: CHANNEL,
        brokerId: ME,
        rememberedS: 3600,
        joinNumber: 7,
        taskCount: 3,
        tasks: [
          "new",
          "30",
          "5",
          task("new", 30),
          "python",
          "-1",
          "-1",
          task("python", -1),
          "back",
          "60",
          "-1",
          task("back", 60),
          ME,
          "other",
          "dead",
          "condemned",
        ],
      },
    ),
    before: [
      ...ALL,
      ["HDEL", FIXED.counts, "l"],
      [
        "HSET",
        FIXED.definitions,
        "",
        "5",
        "new",
        "3 other",
        "python",
        "rubbish",
        "elsewhere",
        "9 other",
      ],
    ],
  },
  {
    what: "tries rights",
    call: scripts.tryRights(
      { probe: KEYS.probe },
      { channel: CHANNEL, commands: ["DEL", "LPUSH", "HSET", "PUBLISH", "TIME", "ZADD"] },
    ),
    before: ALL,
  },
  {
    what: "condemns",
    call: scripts.condemn(FIXED, {
      brokerId: ME,
      connectedMs: 100_000,
      defaultLeaseMs: 1_800_000,
      certain: false,
      suspects: ["dead", "other", "condemned", "nobody"],
    }),
    before: ALL,
  },
  {
    what: "joins",
    call: scripts.heartbeat(
      { ...FIXED, running: RUNNING },
      { brokerId: "new", info: '{"last_seen_at":LAST_SEEN}', joins: true, idleS: 120 },
    ),
    before: ALL,
  },
  {
    what: "beats",
    call: scripts.heartbeat(
      { ...FIXED, running: RUNNING },
      { brokerId: ME, info: "", joins: false, idleS: 120 },
    ),
    before: [...ALL, ["ZADD", FIXED.brokers, "inf", "ahead"]],
  },
  {
    what: "leaves",
    call: scripts.leave({ ...FIXED, running: KEYS.running("dead") }, { brokerId: "dead" }),
    before: ALL,
  },
  {
    what: "is idle no more",
    call: scripts.leaveIdle({ ...FIXED, idle: [IDLE1, IDLE2] }, { brokerId: "other" }),
    before: ALL,
  },
  {
    what: "asks what it holds",
    call: scripts.heldIds({ ...FIXED, running: RUNNING }),
    before: ALL,
  },
  {
    what: "reads what it holds",
    call: scripts.heldJobs(
      { ...FIXED, running: RUNNING },
      { maxBytes: 1000, onlyHeads: true, ids: [HELD, DONE, "nothing"] },
    ),
    before: ALL,
  },
  {
    what: "asks whether a queue is empty",
    call: scripts.isQueueEmpty({ ...FIXED, jobs: KEYS.queue("q3") }, { queue: "q3" }),
    before: ALL,
  },
  {
    what: "looks for what is not UTF-8",
    call: scripts.setAsideBroken(
      { ...FIXED, running: RUNNING },
      { channel: CHANNEL, maxBytes: 1000, onlyHeads: false, suspects: [HELD, "", "nothing", ""] },
    ),
    before: [
      ...ALL,
      [
        "EVAL",
        "redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. '\\255')",
        "1",
        RUNNING,
        HELD,
        job(HELD, "l"),
      ],
      ["EVAL", "redis.call('HSET', KEYS[1], '\\255', 'of no id')", "1", RUNNING],
    ],
  },
  {
    what: "bounds the quarantine",
    call: scripts.boundQuarantine(
      { quarantine: FIXED.quarantine, quarantineCounts: `${FIXED.quarantine}-counts` },
      { entries: 1, bytes: 2 ** 25 },
    ),
    before: [["RPUSH", FIXED.quarantine, "one", "two", "three"]],
  },
];

/** The scripts that no case runs: each has one. */
export function withoutCase(): readonly LuaScript[] {
  const run = new Set(SCRIPT_CASES.map(({ call }) => call.script.name));
  return scripts.LUA_SCRIPTS.filter(({ name }) => !run.has(name));
}

export const PATTERN: string = [NAMESPACE, "*"].join("/");
