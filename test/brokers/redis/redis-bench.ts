import assert from "node:assert/strict";

import type { RedisBrokerOptions } from "../../../src/brokers/redis/redis-broker-options.ts";
import { RedisBroker } from "../../../src/brokers/redis/redis-broker.ts";
import { Batch } from "../../../src/core/batch.ts";
import { Engine } from "../../../src/engine/engine.ts";
import { type LogLine, RecordingLogger } from "../../../src/testing/recording-logger.ts";
import { until, within } from "../../../src/testing/waits.ts";
import type { Inspector } from "./inspector.ts";

/** An engine on a real Redis, whose task `count` notes the number that it gets. */
export interface RedisBench extends AsyncDisposable {
  readonly spin: Engine;
  readonly broker: RedisBroker;
  readonly namespace: string;
  readonly logger: RecordingLogger;
  /** How often each numbered job ran. */
  readonly runs: Map<number, number>;
}

/** What a bench may be given. */
export interface RedisBenchOptions extends RedisBrokerOptions {
  /** @defaultValue one of its own */
  readonly namespace?: string;
}

let namespaces = 0;

export function redisBench(url: string, options: RedisBenchOptions = {}): RedisBench {
  namespaces += 1;
  const { namespace = `engine-${namespaces}`, ...brokerOptions } = options;
  const logger = new RecordingLogger();
  const broker = new RedisBroker(url, brokerOptions);
  const spin = new Engine(broker, { namespace, logger });
  const runs = new Map<number, number>();
  spin.task("count", { maxRetries: 3 }, async (index: number) => {
    runs.set(index, (runs.get(index) ?? 0) + 1);
    await Promise.resolve();
  });
  return { spin, broker, namespace, logger, runs, [Symbol.asyncDispose]: () => spin.close() };
}

/** Resolves to the first line that holds a text, once there is one. */
export async function logged({ logger }: RedisBench, text: string): Promise<LogLine> {
  return until(`a line with "${text}"`, () =>
    logger.lines.find(({ message }) => message.includes(text)),
  );
}

export async function scheduleMany({ spin }: RedisBench, count: number): Promise<void> {
  const batch = new Batch();
  for (let index = 0; index < count; index += 1) batch.schedule("count", index);
  await spin.scheduleBatch(batch);
}

/** Resolves when so many different jobs have ended. */
export function ended({ spin }: RedisBench, count: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const ids = new Set<string>();
  spin.on("jobFinished", ({ job }) => {
    ids.add(job.id);
    if (ids.size === count) resolve();
  });
  return within(`${count} jobs have ended`, promise);
}

/** Resolves when a job of one of them has ended. */
export function oneEnded(cluster: readonly RedisBench[]): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const { spin } of cluster) spin.on("jobFinished", () => resolve());
  return within("a job has ended on one of them", promise);
}

export function eachOnce({ runs }: RedisBench, count: number): void {
  assert.equal(runs.size, count);
  assert.deepEqual(
    [...runs].filter(([, times]) => times !== 1),
    [],
  );
}

/** Resolves when no broker of the namespace holds a job. */
export async function idle(inspector: Inspector, namespace: string): Promise<void> {
  const isRunning = (key: string): boolean => key.includes("/_running-jobs-on-broker-");
  await until("no broker holds a job", async () => {
    return !(await inspector.keys(namespace)).some(isRunning);
  });
}
