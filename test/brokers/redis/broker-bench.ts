import type { ExchangeReply } from "../../../src/brokers/broker.ts";
import { RedisBroker } from "../../../src/brokers/redis/redis-broker.ts";
import { MAX_ATOMIC_JOBS } from "../../../src/core/constants.ts";
import type { StoredJob } from "../../../src/core/job.ts";
import { newJob } from "../../../src/core/new-job.ts";
import type { TaskDefinition } from "../../../src/core/task.ts";
import { systemRuntime } from "../../../src/platform/runtime.ts";
import { testTask } from "../../../src/testing/conformance/test-cluster.ts";
import { RecordingLogger } from "../../../src/testing/recording-logger.ts";

/** No heartbeat comes while a test counts, in ms. */
const LONG_LEASE_MS = 600_000;

export const plain: TaskDefinition = testTask("plain");
/** One at a time in the cluster. */
export const limited: TaskDefinition = testTask("limited", { maxConcurrency: 1 });

/** A broker without an engine: it makes the trips that a test asks for, and no other. */
export interface BrokerBench extends AsyncDisposable {
  /** @param inMs - how far in the future the jobs are due, in ms; now unless given */
  fill(task: TaskDefinition, count: number, inMs?: number): Promise<void>;
  /** One trip: settles jobs, and takes others. */
  exchange(ended: readonly StoredJob[], max: number): Promise<ExchangeReply>;
  /** Puts a job back, and takes none. */
  release(stored: StoredJob): Promise<void>;
  readonly id: string;
}

/** It has joined the cluster, and stated its tasks. */
export async function startBroker(url: string, namespace: string): Promise<BrokerBench> {
  const runtime = { ...systemRuntime(), logger: new RecordingLogger() };
  const broker = new RedisBroker(url, { lease: LONG_LEASE_MS });
  broker.bind({ namespace, runtime });
  await broker.start();
  await broker.register([plain, limited]);
  const make = (task: TaskDefinition, index: number, inMs: number): StoredJob => {
    const nowMs = runtime.clock.now();
    const at = new Date(nowMs + inMs);
    return newJob(task, { task: task.name, at, args: [index] }, { id: runtime.newId(), nowMs });
  };
  return {
    fill: async (task, count, inMs = 0) => {
      for (let first = 0; first < count; first += MAX_ATOMIC_JOBS) {
        const length = Math.min(MAX_ATOMIC_JOBS, count - first);
        await broker.enqueue(Array.from({ length }, (_, index) => make(task, first + index, inMs)));
      }
    },
    exchange: async (ended, max) => {
      const outcomes = ended.map((stored) => ({ kind: "succeeded", stored }) as const);
      return broker.exchange({ outcomes, queues: ["spinach"], max });
    },
    release: async (stored) => {
      const outcomes = [{ kind: "released", stored }] as const;
      await broker.exchange({ outcomes, queues: ["spinach"], max: 0 });
    },
    id: broker.id,
    [Symbol.asyncDispose]: () => broker.stop(),
  };
}
