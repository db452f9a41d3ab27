/** Jobs of a process whose event loop turns no more before it has read that it holds them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import { foundEmptyBy } from "./idle-cluster.ts";
import { ownRedis } from "./own-redis.ts";
import { ended, redisBench, type RedisBench } from "./redis-bench.ts";

const LEASE_MS = 1000;

const redis = ownRedis();

function block(): void {
  const untilMs = performance.now() + 3 * LEASE_MS;
  while (performance.now() < untilMs);
}

/** Once what this turn asks of Redis was written. Its reply comes later. */
function blockSoon(): void {
  setImmediate(() => setImmediate(block));
}

interface Case {
  readonly name: string;
  /** Has a job taken by the first, which nobody has given one, and blocks the loop. */
  readonly take: (first: RedisBench, other: RedisBench) => Promise<void>;
}

const cases: readonly Case[] = [
  {
    name: "right after it has scheduled one of its own",
    take: async ({ spin }) => {
      await spin.schedule("once");
      block();
    },
  },
  {
    name: "while one of its own is on its way",
    take: async ({ spin }) => {
      const call = spin.schedule("once");
      blockSoon();
      await call;
    },
  },
  {
    name: "while one that it fetches is on its way",
    take: async ({ broker }, { spin }) => {
      const exchange = broker.exchange.bind(broker);
      broker.exchange = (request) => {
        broker.exchange = exchange;
        blockSoon();
        return exchange(request);
      };
      await spin.schedule("once");
    },
  },
];

describe("[G6] a process that blocks keeps its job, and its id", () => {
  for (const { name, take } of cases) {
    test(name, async () => {
      const first = redisBench(redis.url, { lease: LEASE_MS });
      const { namespace } = first;
      const other = redisBench(redis.url, { lease: LEASE_MS, namespace });
      let runs = 0;
      for (const { spin } of [first, other]) {
        spin.task("once", () => {
          runs += 1;
        });
      }
      await first.spin.startWorkers({ workers: new AsyncWorkers() });
      // It watches over the other, and would run its job.
      await other.spin.startWorkers({ workers: new AsyncWorkers(), queue: "other" });
      await foundEmptyBy(redis, namespace, 1);
      // From then on it beats seldom.
      await sleep(1.5 * LEASE_MS);
      const done = ended(first, 1);
      await take(first, other);
      await done;
      // What the heartbeat threads have to say is heard only now.
      await sleep(LEASE_MS / 2);
      assert.equal(runs, 1);
      const lines = [...first.logger.lines, ...other.logger.lines];
      const lost = lines.filter(({ message }) => /lease|took over the jobs/v.test(message));
      assert.deepEqual(lost, []);
      for (const { spin } of [first, other]) await spin.close();
    });
  }
});
