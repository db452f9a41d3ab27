import assert from "node:assert/strict";

import type { Broker, ExchangeReply } from "../../brokers/broker.ts";
import { BrokerError } from "../../core/errors.ts";
import { rewriteJob } from "../../core/job-codec.ts";
import { JobStatus } from "../../core/job-status.ts";
import type { StoredJob } from "../../core/job.ts";
import type { Outcome } from "../../core/outcome.ts";
import type { TaskDefinition } from "../../core/task.ts";
import { within } from "../waits.ts";
import { type JobMaker, type TestCluster, testTask } from "./test-cluster.ts";

/** What a test of brokers works with: two of them that share a namespace. */
interface Bench {
  readonly cluster: TestCluster;
  readonly broker: Broker;
  readonly other: Broker;
  readonly jobs: JobMaker;
}

/** Registers a test that gets a fresh bench. */
export type BenchTest = (title: string, body: (bench: Bench) => Promise<void>) => void;

export const QUEUE = "spinach";

/** Default options. */
export const plain: TaskDefinition = testTask("plain");

/** `maxRetries: 3`. */
export const retried: TaskDefinition = testTask("retried", { maxRetries: 3 });

/** On a queue of that name. */
export const elsewhere: TaskDefinition = testTask("elsewhere", { queue: "elsewhere" });

export function exchange(
  broker: Broker,
  outcomes: readonly Outcome[],
  max: number,
): Promise<ExchangeReply> {
  return broker.exchange({ outcomes, queues: [QUEUE], max });
}

export function take(broker: Broker, max: number, queue: string = QUEUE): Promise<ExchangeReply> {
  return broker.exchange({ outcomes: [], queues: [queue], max });
}

export async function settle(broker: Broker, outcomes: readonly Outcome[]): Promise<void> {
  await exchange(broker, outcomes, 0);
}

export function outcome(kind: Outcome["kind"], stored: StoredJob | undefined): Outcome {
  assert.ok(stored !== undefined, "there is a job to settle");
  return kind === "failed" || kind === "retried"
    ? { kind, stored, error: new Error("from the test") }
    : { kind, stored };
}

/** The next attempt of a job. */
export function later(stored: StoredJob | undefined, atMs: number): StoredJob {
  assert.ok(stored !== undefined, "there is a job to retry");
  const retries = stored.job.retries + 1;
  return rewriteJob(stored, { status: JobStatus.WAITING, retries, atMs });
}

export function ids(jobs: readonly StoredJob[]): string[] {
  return jobs.map(({ job }) => job.id);
}

/** A broker that was given up finds it out at its next exchange, or other such call, and goes on as another. */
export async function findOut(
  broker: Broker,
  call: () => Promise<unknown> = () => take(broker, 1),
): Promise<void> {
  const { id } = broker;
  let told = 0;
  const stop = broker.onLeaseLost(() => {
    told += 1;
  });
  await assert.rejects(call(), BrokerError);
  stop();
  assert.equal(told, 1);
  assert.notEqual(broker.id, id);
}

/** Resolves at the first wake-up of the queue, or of any, on one of the brokers. */
export async function nextWakeUp(
  brokers: Broker | readonly Broker[],
  queue: string,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stops = [brokers].flat().map((broker) =>
    broker.onWakeUp((woken) => {
      if (woken === undefined || woken === queue) resolve();
    }),
  );
  await within(`a wake-up for ${queue}`, promise);
  for (const stop of stops) stop();
}
