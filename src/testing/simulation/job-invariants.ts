/** The promises about jobs: G1 to G5, G9, G10. */
import type { Invariant, Past } from "./invariant.ts";
import {
  argsOf,
  isAtMostOnce,
  limitOf,
  maxRetriesOf,
  queueOf,
  type Delivery,
  type Execution,
  type JobRecord,
  type Told,
} from "./records.ts";
import { TASKS } from "./scenario.ts";

/** In a run where nothing goes wrong a job starts this long after it could, in ms: a few trips. */
const PUNCTUAL_MS = 300;

/** The longest pause of an arbiter after a fault, in ms: its deadline of a call, and its longest backoff. */
const RECOVERY_MS = 45_000;

const BEAT_MS = TASKS.beat.periodicity ?? Infinity;

export const JOB_INVARIANTS: readonly Invariant[] = [
  {
    name: "G1 at most once",
    taken: ({ job }) =>
      isAtMostOnce(job) && job.executions.length > 0 && job.plan !== undefined
        ? `${job.key} was given out again, and had started`
        : undefined,
    started: ({ job }) =>
      isAtMostOnce(job) && job.executions.length > 1
        ? `${job.key} started ${job.executions.length} times`
        : undefined,
  },
  {
    name: "G1 one start a delivery",
    started: ({ job, delivery }) =>
      delivery === undefined ? `${job.key} started without being given out for it` : undefined,
  },
  {
    name: "G1 every attempt counts once",
    taken: ({ job, retries }) =>
      retries === job.failures
        ? undefined
        : `${job.key} says it failed ${retries} times, it did ${job.failures} times`,
    told: (told) => attemptFault(told),
  },
  {
    name: "G1 outcomes are true",
    told: (told) => truthFault(told),
  },
  {
    name: "G1 nothing is lost",
    confirmed: ({ key, ids, confirmedId }) =>
      confirmedId !== undefined && ids.includes(confirmedId)
        ? undefined
        : `${key} was confirmed, and the broker does not have it`,
    rested: ({ jobs, leftInBroker }) => {
      const isLost = ({ state, ids }: JobRecord): boolean =>
        state === "waiting" && !ids.some((id) => leftInBroker.has(id));
      return first(jobs, isLost, "is nowhere, and has not ended");
    },
  },
  {
    name: "G2 nothing is doubled",
    entered: ({ key, ids }) =>
      ids.length > 1 ? `${key} came into the broker ${ids.length} times` : undefined,
    taken: ({ job }) =>
      job.state !== "waiting" && !job.wasToldByOther
        ? `${job.key} was given out while it was ${job.state}`
        : undefined,
  },
  {
    name: "G3 arguments stay as they are",
    taken: ({ job, wire }) => {
      if (job.plan === undefined) return undefined;
      const text = `"task_args":${JSON.stringify(argsOf(job.key))},"task_kwargs":{}}`;
      return wire.endsWith(text) ? undefined : `${job.key} is stored as ${wire}`;
    },
    started: ({ job, args }) =>
      job.plan === undefined || JSON.stringify(args) === JSON.stringify(argsOf(job.key))
        ? undefined
        : `${job.key} got ${JSON.stringify(args)}`,
  },
  {
    name: "G4 a lost reply loses nothing",
    rested: ({ jobs }) => {
      return first(jobs, isForgotten, "was given to a process that never started it");
    },
  },
  {
    name: "G5 limits are kept",
    taken: ({ job }, past) => limitFault(job, past),
    started: ({ job }, past) => runningFault(job, past),
  },
  {
    name: "G5 of two releases the last one counts",
    released: ({ expected, limit }) =>
      expected === limit ? undefined : `the limit is ${limit}, not ${expected}`,
  },
  {
    name: "G5 counts do not drift",
    probed: (counts) => {
      const drift = [...counts].find(([task, count]) => count !== TASKS[task].maxConcurrency);
      return drift && `${drift[1]} jobs of ${drift[0]} at once, after all had ended`;
    },
  },
  {
    name: "G9 first in, first out",
    taken: ({ job }, { jobs }) => orderFault(job, jobs),
    started: (execution, past) => startOrderFault(execution, past),
  },
  {
    name: "G9 never early",
    taken: (delivery) => earlyFault(delivery),
  },
  {
    name: "G9 on time",
    started: ({ job, startedAtMs }, { isCalm }) => {
      const lateMs = startedAtMs - Math.max(job.dueAtMs, job.enteredAtMs);
      const isPromised = isCalm && limitOf(job) === Infinity;
      return isPromised && lateMs > PUNCTUAL_MS
        ? `${job.key} started ${lateMs} ms late`
        : undefined;
    },
  },
  {
    name: "G10 one run a period",
    made: (job, { jobs, statedAtMs = 0 }) => {
      const period = ({ bornAtMs }: JobRecord): number =>
        Math.floor((bornAtMs - statedAtMs) / BEAT_MS);
      const before = jobs.findLast((each) => each !== job && each.plan === undefined);
      const last = before === undefined ? 0 : period(before);
      return period(job) > last ? undefined : `two jobs in period ${last} of the task`;
    },
  },
  {
    name: "G10 periodic tasks go on",
    rested: ({ jobs, statedAtMs, healedAtMs = Infinity, nowMs, isCalm, hasBeat }) => {
      if (statedAtMs === undefined || !hasBeat) return undefined;
      const fromMs = Math.max(statedAtMs, isCalm ? 0 : healedAtMs + RECOVERY_MS);
      const isDuring = ({ plan, bornAtMs }: JobRecord): boolean =>
        plan === undefined && bornAtMs > fromMs;
      const runs = jobs.filter(isDuring).length;
      const expected = Math.floor((nowMs - fromMs) / BEAT_MS) - 1;
      return runs < expected
        ? `${runs} jobs in ${nowMs - fromMs} ms, expected ${expected}`
        : undefined;
    },
  },
];

function isForgotten({ state, deliveries }: JobRecord): boolean {
  return state === "held" && deliveries.at(-1)?.execution === undefined;
}

/** The first job that a fault is said of. */
function first(
  jobs: readonly JobRecord[],
  isAtFault: (job: JobRecord) => boolean,
  fault: string,
): string | undefined {
  const job = jobs.find((each) => each.plan !== undefined && isAtFault(each));
  return job && `${job.key} (${job.task}) ${fault}`;
}

function attemptFault({ kind, job, delivery, isRepeated }: Told): string | undefined {
  if (delivery === undefined || isRepeated) return undefined;
  const left = maxRetriesOf(job) - job.failures;
  if (kind === "retried" && left <= 0) return `${job.key} runs again without a retry left`;
  const isFinal = isAtMostOnce(job) || delivery.execution?.how === "aborted";
  if (kind === "failed" && left > 0 && !isFinal)
    return `${job.key} failed with ${left} retries left`;
  return undefined;
}

/** What the broker is told of a job must be what its task did. */
function truthFault({ kind, job, delivery, isRepeated }: Told): string | undefined {
  if (delivery === undefined || isRepeated) return undefined;
  const run = delivery.execution;
  const isTrue = {
    succeeded: run?.how === "returned",
    failed: run !== undefined && run.how !== "returned",
    retried: run !== undefined && run.how !== "returned",
    released: run === undefined || run.abortCode === "WORKERS_STOPPED",
  };
  const what = run === undefined ? "never started" : (run.how ?? "has not ended");
  return isTrue[kind] ? undefined : `${job.key} ${what}, and the broker is told: ${kind}`;
}

function limitFault(job: JobRecord, { jobs }: Past): string | undefined {
  const limit = limitOf(job);
  if (limit === Infinity) return undefined;
  const held = jobs.filter(({ task, state }) => task === job.task && state === "held").length;
  return held >= limit ? `${job.key} is number ${held + 1} of ${job.task} at once` : undefined;
}

/** Runs of those who have their lease; others are cut off from the count. */
function runningFault(job: JobRecord, { executions, condemned }: Past): string | undefined {
  const isCounted = (run: Execution): boolean =>
    run.job.task === job.task &&
    run.finishedAtMs === undefined &&
    !run.process.isDead &&
    !condemned.has(run.lease);
  const limit = limitOf(job);
  if (limit === Infinity) return undefined;
  const running = executions.filter(isCounted).length;
  return running > limit ? `${running} runs of ${job.task} at once` : undefined;
}

function orderFault(job: JobRecord, jobs: readonly JobRecord[]): string | undefined {
  const { place } = job;
  if (place === undefined) return undefined;
  const isPassed = (other: JobRecord): boolean =>
    other.state === "waiting" &&
    other.place !== undefined &&
    other.place < place &&
    queueOf(other) === queueOf(job) &&
    (limitOf(other) === Infinity || other.task === job.task);
  const passed = jobs.find(isPassed);
  return passed && `${job.key} was given out before ${passed.key}, which came first`;
}

/** Where nothing goes wrong, jobs start in the order in which they were given out. */
function startOrderFault({ job, lease, delivery }: Execution, past: Past): string | undefined {
  if (!past.isCalm || delivery === undefined) return undefined;
  const isPassed = (other: JobRecord): boolean => {
    const last = other.deliveries.at(-1);
    if (other.place === undefined || last?.execution !== undefined) return false;
    return last?.holder === lease && last.end === undefined && queueOf(other) === queueOf(job);
  };
  const earlier = past.jobs.filter(isPassed);
  const passed = earlier.find(({ place }) => place !== undefined && place < (job.place ?? 0));
  return passed && `${job.key} started before ${passed.key}`;
}

function earlyFault({ job, takenAtMs }: Delivery): string | undefined {
  const earlyMs = job.dueAtMs - takenAtMs;
  return earlyMs > 0 ? `${job.key} was given out ${earlyMs} ms early` : undefined;
}
