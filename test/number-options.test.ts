import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { AsyncWorkers, Engine, MemoryBroker, Tasks, ThreadWorkers } from "../src/index.ts";
import { Queuey } from "../src/queuey.ts";
import { RedisBroker } from "../src/redis.ts";
import { SqliteBroker } from "../src/sqlite.ts";
import { FakeRuntime, simulate } from "../src/testing.ts";

/** An option that is a number: what it may be, and a call that states it. */
interface NumberOption {
  readonly option: string;
  readonly min: number;
  readonly max: number;
  /** Whether it may be `Infinity`. */
  readonly endless?: boolean;
  /** Whether parts of a unit are allowed. */
  readonly parts?: boolean;
  /** Whether digits stand for it: what comes from the environment is text. */
  readonly text?: boolean;
  /** Throws, or rejects, if the value is refused; lets go of what an allowed one made. */
  readonly state: (value: number) => unknown;
}

const TIMER_MS = 2_147_483_647;
const COUNT = 2_147_483_647;
const PERIOD_MS = 3_155_760_000_000;
const SAFE = Number.MAX_SAFE_INTEGER;

const nothing = (): void => undefined;

function taskOption(option: string, min: number, max: number): readonly NumberOption[] {
  const fn = (): void => undefined;
  return [
    { option: `Tasks: ${option}`, min, max, state: (value) => new Tasks({ [option]: value }) },
    {
      option: `task: ${option}`,
      min,
      max,
      state: (value) => new Tasks().task("x", { [option]: value }, fn),
    },
  ];
}

function jobOption(option: string, min: number, max: number): readonly NumberOption[] {
  const state = (value: number): unknown =>
    new Tasks().task("x", nothing).with({ [option]: value });
  return [...taskOption(option, min, max), { option: `with: ${option}`, min, max, state }];
}

function brokerOption(option: string, min: number): readonly NumberOption[] {
  const redis = (value: number): unknown => new RedisBroker("redis://r", { [option]: value });
  const sqlite = (value: number): unknown => new SqliteBroker("jobs.db", { [option]: value });
  return [
    { option: `RedisBroker: ${option}`, min, max: TIMER_MS, state: redis },
    { option: `SqliteBroker: ${option}`, min, max: TIMER_MS, state: sqlite },
  ];
}

function threadLimit(option: string, min: number, max: number): readonly NumberOption[] {
  const limits = (value: number): object => ({ resourceLimits: { [option]: value } });
  return [AsyncWorkers, ThreadWorkers].map((Kind) => ({
    option: `${Kind.name}: ${option}`,
    min,
    max,
    parts: true,
    state: (value: number) => new Kind(limits(value)),
  }));
}

function poolOption(option: string, min: number): readonly NumberOption[] {
  return [AsyncWorkers, ThreadWorkers].map((Kind) => ({
    option: `${Kind.name}: ${option}`,
    min,
    max: TIMER_MS,
    state: (value: number) => new Kind({ [option]: value }),
  }));
}

const engine = new Engine(new MemoryBroker());

const stops: readonly NumberOption[] = [
  {
    option: "stopWorkers: timeout",
    min: 0,
    max: SAFE,
    endless: true,
    state: (timeout) => engine.stopWorkers({ timeout }),
  },
  {
    option: "close: timeout",
    min: 0,
    max: SAFE,
    endless: true,
    state: (timeout) => new Engine(new MemoryBroker()).close({ timeout }),
  },
  {
    option: "RunningWorkers.stop: timeout",
    min: 0,
    max: SAFE,
    endless: true,
    state: async (timeout) => {
      const spin = new Engine(new MemoryBroker());
      try {
        const running = await spin.startWorkers({ workers: new AsyncWorkers() });
        await running.stop({ timeout });
      } finally {
        await spin.close();
      }
    },
  },
  {
    option: "run: stopTimeout",
    min: 0,
    max: SAFE,
    endless: true,
    state: (stopTimeout) => {
      const workers = new AsyncWorkers();
      return new Engine(new MemoryBroker()).run({ workers, stopWhenQueueEmpty: true, stopTimeout });
    },
  },
];

function queueWith(value: number): Queuey<number> {
  const queue = new Queuey<number>({ maxSize: 1 });
  queue.putSync(value);
  return queue;
}

const queues: readonly NumberOption[] = [
  {
    option: "Queuey: maxSize",
    min: 1,
    max: 1_048_576,
    state: (maxSize) => new Queuey({ maxSize, slotBytes: 8 }),
  },
  {
    option: "Queuey: slotBytes",
    min: 8,
    max: 1_048_576,
    state: (slotBytes) => new Queuey({ maxSize: 1, slotBytes }),
  },
  {
    option: "Queuey: maxBytes",
    min: 0,
    // 4 GiB, which the one slot is part of.
    max: 4_294_967_296 - 16_384,
    state: (maxBytes) => new Queuey({ maxSize: 1, slotBytes: 8, maxBytes }),
  },
  {
    option: "Queuey.putSync: timeout",
    min: 0,
    max: SAFE,
    endless: true,
    state: (timeout) => {
      new Queuey<number>({ maxSize: 1 }).putSync(1, { timeout });
    },
  },
  {
    option: "Queuey.getSync: timeout",
    min: 0,
    max: SAFE,
    endless: true,
    state: (timeout) => queueWith(1).getSync({ timeout }),
  },
  {
    option: "Queuey.abandon: threadId",
    min: 1,
    max: COUNT,
    state: (id) => new Queuey({ maxSize: 1 }).abandon(id),
  },
];

const OPTIONS: readonly NumberOption[] = [
  ...jobOption("maxRetries", 0, COUNT),
  ...jobOption("timeout", 1, TIMER_MS),
  ...taskOption("periodicity", 1, PERIOD_MS),
  ...taskOption("maxConcurrency", 1, COUNT),
  ...taskOption("requiredArgs", 0, 65_534),
  {
    option: "AsyncWorkers: number",
    min: 1,
    max: 100_000,
    state: (number) => new AsyncWorkers({ number }),
  },
  {
    option: "AsyncWorkers with threads: number",
    min: 1,
    max: 100_000,
    state: (number) => new AsyncWorkers({ number, threads: 1 }),
  },
  {
    option: "AsyncWorkers: threads",
    min: 0,
    max: 1024,
    state: (threads) => new AsyncWorkers({ number: 5000, threads }),
  },
  {
    option: "ThreadWorkers: number",
    min: 1,
    max: 1024,
    state: (number) => new ThreadWorkers({ number }),
  },
  {
    option: "ThreadWorkers: maxJobsPerThread",
    min: 1,
    max: COUNT,
    state: (maxJobsPerThread) => new ThreadWorkers({ maxJobsPerThread }),
  },
  ...poolOption("timeoutGrace", 0),
  ...poolOption("readyTimeout", 1),
  ...threadLimit("maxOldGenerationSizeMb", 8, 1_048_576),
  ...threadLimit("maxYoungGenerationSizeMb", 1, 1_048_576),
  ...threadLimit("codeRangeSizeMb", 1, 65_536),
  ...threadLimit("stackSizeMb", 0.5, 4096),
  ...brokerOption("lease", 1000),
  ...brokerOption("blockedAfter", 100),
  ...brokerOption("stuckAfter", 1000),
  {
    option: "RedisBroker: callTimeout",
    min: 1,
    max: TIMER_MS,
    state: (callTimeout) => new RedisBroker("redis://r", { callTimeout }),
  },
  {
    option: "RedisBroker: enqueueTimeout",
    min: 0,
    max: TIMER_MS,
    state: (enqueueTimeout) => new RedisBroker("redis://r", { enqueueTimeout }),
  },
  {
    option: "RedisBroker: database",
    min: 0,
    max: COUNT,
    state: (database) => new RedisBroker({ url: "redis://r", database }),
  },
  {
    option: "RedisBroker: socket.port",
    min: 1,
    max: 65_535,
    text: true,
    state: (port) => new RedisBroker({ socket: { host: "r", port } }),
  },
  {
    option: "RedisBroker: port of nodeAddressMap",
    min: 1,
    max: 65_535,
    state: (port) =>
      new RedisBroker({
        rootNodes: [{ url: "redis://r" }],
        nodeAddressMap: { "a:1": { host: "b", port } },
      }),
  },
  {
    option: "SqliteBroker: callTimeout",
    min: 1,
    max: 10_000,
    state: (callTimeout) => new SqliteBroker("jobs.db", { callTimeout }),
  },
  ...stops,
  ...queues,
  { option: "simulate: seed", min: 0, max: SAFE, state: (seed) => simulate({ seed }) },
  {
    option: "FakeRuntime.advance: ms",
    min: 0,
    max: SAFE,
    parts: true,
    state: (ms) => new FakeRuntime().advance(ms),
  },
];

/** Every option refuses these. */
const NO_NUMBERS: readonly unknown[] = [Number.NaN, -Infinity, "x", null, 5n, true];

async function refuses(option: NumberOption, value: unknown): Promise<void> {
  const refusal = { name: /^(?:Type|Range)Error$/v, message: /must be|needs/v };
  await assert.rejects(
    async () => option.state(value as number),
    refusal,
    `${option.option} takes ${String(value)}`,
  );
}

suite("every option that is a number holds what it lets through", () => {
  for (const option of OPTIONS) {
    const { min, max, endless = false, parts = false, text = false, state } = option;
    const bounds = `${min} to ${max}${endless ? ", or Infinity" : ""}`;
    test(`${option.option} is from ${bounds}`, { timeout: 30_000 }, async () => {
      for (const value of [min, max, ...(min === 0 ? [-0] : []), ...(endless ? [Infinity] : [])]) {
        await state(value);
      }
      const beyond = parts ? (max === SAFE ? [] : [max + 0.5]) : [max + 1];
      const below = min === 0 || option.option.includes("threadId") ? [-1] : [min / 2, 0];
      const fractions = parts ? [] : [min + 0.5];
      const infinity = endless ? [] : [Infinity];
      for (const value of [
        ...beyond,
        ...below,
        ...fractions,
        ...infinity,
        ...(text ? [] : ["5"]),
        ...NO_NUMBERS,
      ]) {
        await refuses(option, value);
      }
    });
  }
});
