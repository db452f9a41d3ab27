import assert from "node:assert/strict";

import type { RedisBrokerOptions } from "../../../src/brokers/redis/redis-broker-options.ts";
import { RedisBroker } from "../../../src/brokers/redis/redis-broker.ts";
import { Batch } from "../../../src/core/batch.ts";
import { Engine } from "../../../src/engine/engine.ts";
import { type LogLine, RecordingLogger } from "../../../src/testing/recording-logger.ts";
import { until } from "../../../src/testing/waits.ts";

/** An engine whose numbered jobs note that they run, and end when the test lets them. */
export interface EngineBench extends AsyncDisposable {
  readonly spin: Engine;
  readonly namespace: string;
  readonly logger: RecordingLogger;
  /** How often each numbered job was started. */
  readonly runs: ReadonlyMap<number, number>;
  /** How many jobs have ended. */
  readonly ended: number;
  /** Jobs wait at the gate from their start; once it is open, they pass. */
  openGate(): void;
}

export function engineBench(
  url: string,
  options: RedisBrokerOptions & { readonly namespace?: string } = {},
): EngineBench {
  const { namespace = "bench", ...brokerOptions } = options;
  const logger = new RecordingLogger();
  const spin = new Engine(new RedisBroker(url, brokerOptions), { namespace, logger });
  const gate = Promise.withResolvers<void>();
  const runs = new Map<number, number>();
  const run = async (index: number): Promise<void> => {
    runs.set(index, (runs.get(index) ?? 0) + 1);
    await gate.promise;
  };
  spin.task("at least once", { maxRetries: 3 }, run);
  spin.task("at most once", run);
  let ended = 0;
  spin.on("jobFinished", () => {
    ended += 1;
  });
  return {
    spin,
    namespace,
    logger,
    runs,
    get ended() {
      return ended;
    },
    openGate: gate.resolve,
    [Symbol.asyncDispose]: () => spin.close({ timeout: 0 }),
  };
}

/** Schedules the jobs of these numbers in one trip: even ones run at least once, odd ones at most once. */
export async function scheduleNumbers(
  { spin }: EngineBench,
  from: number,
  to: number,
): Promise<void> {
  const batch = new Batch();
  for (let index = from; index < to; index += 1) batch.schedule(taskOf(index), index);
  await spin.scheduleBatch(batch);
}

/** The task of a numbered job. */
export function taskOf(index: number): string {
  return index % 2 === 0 ? "at least once" : "at most once";
}

/** Waits until so many jobs have ended, and asserts that each number below it ran once. */
export async function eachRanOnce(bench: EngineBench, count: number): Promise<void> {
  await until(`${count} jobs have ended`, () => bench.ended >= count);
  const expected = new Map(Array.from({ length: count }, (_, index) => [index, 1]));
  assert.deepEqual(new Map([...bench.runs].toSorted(([one], [other]) => one - other)), expected);
  assert.equal(bench.ended, count);
}

/** The lines that hold a text. */
export function linesWith({ logger }: EngineBench, text: string): readonly LogLine[] {
  return logger.lines.filter(({ message }) => message.includes(text));
}
