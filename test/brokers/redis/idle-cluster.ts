import { settled } from "../../../src/testing/fake-runtime.ts";
import { until } from "../../../src/testing/waits.ts";
import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import type { OwnRedis } from "./own-redis.ts";
import { redisBench, type RedisBench } from "./redis-bench.ts";

/** Long: what is tested here must not be the work of a rescue. */
export const LEASE_MS = 600_000;

export interface IdleClusterOptions {
  /** Slots of each. @defaultValue 10 */
  readonly slots?: number;
  /** What their task `hold` does. @defaultValue nothing */
  readonly task?: () => unknown;
  /** Most runs of `hold` at once. */
  readonly maxConcurrency?: number;
  /** How the first of them reaches Redis. @defaultValue directly */
  readonly firstUrl?: string;
}

/** Engines of one cluster, of which each has found the queue empty. */
export async function idleCluster(
  redis: OwnRedis,
  count: number,
  { slots = 10, task = nothing, firstUrl = redis.url, ...limit }: IdleClusterOptions = {},
): Promise<readonly [RedisBench, ...RedisBench[]]> {
  const first = redisBench(firstUrl, { lease: LEASE_MS });
  const { namespace } = first;
  const others = Array.from({ length: count - 1 }, () =>
    redisBench(redis.url, { lease: LEASE_MS, namespace }),
  );
  for (const { spin } of [first, ...others]) {
    spin.task("hold", limit, task);
    await spin.startWorkers({ workers: new AsyncWorkers({ number: slots }) });
  }
  await foundEmptyBy(redis, namespace, count);
  // The reply that tells them so is on its way still: one that comes after it tells that it is there.
  for (const { broker } of [first, ...others]) await broker.isQueueEmpty("spinach");
  // Each may leave the event loop to others for a turn before it sleeps.
  await settled();
  await settled();
  return [first, ...others];
}

function nothing(): void {
  // A task without an effect.
}

/** Resolves when so many brokers have found the queue empty, and were not woken since. */
export async function foundEmptyBy(
  { inspector }: OwnRedis,
  namespace: string,
  count: number,
): Promise<void> {
  await until(`${count} brokers have found the queue empty`, async () => {
    return (await inspector.call("SCARD", `${namespace}/_idle-brokers-of-spinach`)) === count;
  });
}
