/** What a fetch costs, counted: the same, however many jobs wait. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { StoredJob } from "../../../src/core/job.ts";
import { type BrokerBench, limited, plain, startBroker } from "./broker-bench.ts";
import { ownRedis } from "./own-redis.ts";

const FEW = 1000;
const MANY = 100_000;
/** Jobs that a fetch takes, and settles. */
const TAKEN = 10;
const HOUR_MS = 3_600_000;

const redis = ownRedis();

/** Makes a backlog, and brings the jobs that are settled in the fetch to be counted. */
type Backlog = (broker: BrokerBench, size: number) => Promise<readonly StoredJob[]>;

const backlogs: Readonly<Record<string, Backlog>> = {
  ready: async (broker, size) => {
    await broker.fill(plain, size + 2 * TAKEN);
    return take(broker);
  },
  future: async (broker, size) => {
    await broker.fill(plain, size, HOUR_MS);
    await broker.fill(plain, 2 * TAKEN);
    return take(broker);
  },
  "parked behind a limit": async (broker, size) => {
    const jobs = await park(broker, size);
    await broker.fill(plain, 2 * TAKEN);
    // The one that runs is kept: none of those parked may start.
    assert.equal(jobs.length, 1);
    return take(broker);
  },
  "parked, with a place that becomes free": async (broker, size) => {
    const jobs = await park(broker, size);
    await broker.fill(plain, 2 * TAKEN);
    return [...jobs, ...(await take(broker)).slice(1)];
  },
};

async function take(broker: BrokerBench): Promise<readonly StoredJob[]> {
  return (await broker.exchange([], TAKEN)).jobs;
}

/** Fetches until every job but the one that may run is parked: each fetch parks 1,000 of them. */
async function park(broker: BrokerBench, size: number): Promise<readonly StoredJob[]> {
  await broker.fill(limited, size + 1);
  const taken: StoredJob[] = [];
  for (let more = true; more;) {
    const reply = await broker.exchange([], TAKEN);
    taken.push(...reply.jobs);
    ({ more } = reply);
  }
  return taken;
}

function isLimited({ job }: StoredJob): boolean {
  return job.taskName === limited.name;
}

/** Every command that one fetch makes in Redis, those inside its script included. */
async function commandsOfFetch(
  backlog: Backlog,
  namespace: string,
  size: number,
): Promise<Record<string, number>> {
  await using broker = await startBroker(redis.url, namespace);
  const held = await backlog(broker, size);
  await redis.inspector.resetCounts();
  const { jobs } = await broker.exchange(held, TAKEN);
  const { ping: _, ...counts } = await redis.inspector.commandCounts();
  assert.equal(jobs.length, TAKEN);
  assert.equal(
    jobs.some(isLimited),
    held.some(isLimited),
    "a parked job starts in a freed place only",
  );
  return counts;
}

describe("a fetch", () => {
  for (const [kind, backlog] of Object.entries(backlogs)) {
    test(`[G5] makes the same commands with 1,000 jobs ${kind} as with 100,000`, async () => {
      const few = await commandsOfFetch(backlog, `few ${kind}`, FEW);
      const many = await commandsOfFetch(backlog, `many ${kind}`, MANY);
      assert.deepEqual(many, few);
      assert.equal(few["evalsha"], 1);
    });
  }
});
