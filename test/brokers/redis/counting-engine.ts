import { setTimeout as sleep } from "node:timers/promises";

import type { RedisBrokerOptions } from "../../../src/brokers/redis/redis-broker-options.ts";
import { RedisBroker } from "../../../src/brokers/redis/redis-broker.ts";
import type { RedisLocation } from "../../../src/brokers/redis/redis-target.ts";
import { Engine } from "../../../src/engine/engine.ts";
import { type LogLine, RecordingLogger } from "../../../src/testing/recording-logger.ts";
import { until } from "../../../src/testing/waits.ts";
import { AsyncWorkers } from "../../../src/workers/async-workers.ts";

/** An engine whose tasks note what they run. */
export interface CountingEngine extends AsyncDisposable {
  readonly spin: Engine;
  readonly namespace: string;
  readonly lines: readonly LogLine[];
  /** How often each job of `count` (at least once), `once` (at most once) and `limited` ran. */
  readonly runs: Readonly<Record<"count" | "once" | "limited", Map<number, number>>>;
  /** Most jobs of `limited`, whose limit is 2, that ran at the same time. */
  mostAtOnce(): number;
  /** From this number on, jobs of `count` wait in their task until the promise resolves. */
  hold(from: number, release: Promise<unknown>): void;
  startWorkers(): Promise<void>;
  /** Resolves when so many different jobs of a task have run. */
  ran(task: "count" | "once" | "limited", count: number): Promise<void>;
  /** Lines about one connection. */
  linesOf(connection: string, text: string): readonly LogLine[];
}

/** What it is made of. */
export interface CountingEngineParts {
  readonly redis: RedisLocation;
  readonly namespace: string;
  readonly options?: RedisBrokerOptions;
}

const WORKERS = 5;

/** Its tasks also take a while, so that some run at any moment. */
const TASK_MS = 5;

export function countingEngine(parts: CountingEngineParts): CountingEngine {
  const { redis, namespace, options } = parts;
  const logger = new RecordingLogger();
  const spin = new Engine(new RedisBroker(redis, options), { namespace, logger });
  const runs = {
    count: new Map<number, number>(),
    once: new Map<number, number>(),
    limited: new Map<number, number>(),
  };
  const note = (task: keyof typeof runs, index: number): void => {
    runs[task].set(index, (runs[task].get(index) ?? 0) + 1);
  };
  let held: { readonly from: number; readonly release: Promise<unknown> } | undefined;
  spin.task("count", { maxRetries: 3 }, async (index: number) => {
    note("count", index);
    await sleep(TASK_MS);
    if (held !== undefined && index >= held.from) await held.release;
  });
  spin.task("once", (index: number) => {
    note("once", index);
  });
  const places = limitedTask(spin, (index) => {
    note("limited", index);
  });
  return {
    spin,
    namespace,
    lines: logger.lines,
    runs,
    mostAtOnce: () => places.most,
    hold: (from, release) => {
      held = { from, release };
    },
    startWorkers: async () => {
      await spin.startWorkers({ workers: new AsyncWorkers({ number: WORKERS }) });
    },
    ran: async (task, count) => {
      await until(`${count} jobs of ${task} have run`, () => runs[task].size >= count);
    },
    linesOf: (connection, text) =>
      logger.lines.filter(
        ({ fields, message }) =>
          "connection" in fields && fields.connection === connection && message.includes(text),
      ),
    [Symbol.asyncDispose]: () => spin.close(),
  };
}

function limitedTask(spin: Engine, note: (index: number) => void): { readonly most: number } {
  const places = { now: 0, most: 0 };
  spin.task("limited", { maxRetries: 3, maxConcurrency: 2 }, async (index: number) => {
    note(index);
    places.now += 1;
    places.most = Math.max(places.most, places.now);
    await sleep(TASK_MS);
    places.now -= 1;
  });
  return places;
}

/** The jobs that did not run once. */
export function notOnce(runs: ReadonlyMap<number, number>): ReadonlyArray<[number, number]> {
  return [...runs].filter(([, times]) => times !== 1);
}
