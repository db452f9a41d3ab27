/** What is given as options and is not: it must not be taken for none. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { RedisBroker } from "../../src/brokers/redis/redis-broker.ts";
import { SqliteBroker } from "../../src/brokers/sqlite/sqlite-broker.ts";
import {
  AsyncWorkers,
  Engine,
  MemoryBroker,
  RetryError,
  Tasks,
  ThreadWorkers,
} from "../../src/index.ts";
import { Queuey } from "../../src/queuey.ts";

const nothing = (): void => undefined;

/** A value whose type the compiler would refuse. */
function wrong(value: unknown): never {
  return value as never;
}

const TAKERS: Readonly<Record<string, (options: never) => unknown>> = {
  Engine: (options) => new Engine(new MemoryBroker(), options),
  MemoryBroker: (options) => new MemoryBroker(options),
  SqliteBroker: (options) => new SqliteBroker("app.db", options),
  RedisBroker: (options) => new RedisBroker("redis://localhost", options),
  "RedisBroker's first": (options) => new RedisBroker(options),
  "RedisBroker's socket": (socket) => new RedisBroker({ socket }),
  "RedisBroker's defaults": (defaults) => new RedisBroker({ rootNodes: [{}], defaults }),
  "RedisBroker's root nodes": (node) => new RedisBroker({ rootNodes: [node] }),
  "RedisBroker's addresses": (nodeAddressMap) =>
    new RedisBroker({ rootNodes: [{}], nodeAddressMap }),
  AsyncWorkers: (options) => new AsyncWorkers(options),
  ThreadWorkers: (options) => new ThreadWorkers(options),
  "ThreadWorkers' limits": (resourceLimits) => new ThreadWorkers({ resourceLimits }),
  Tasks: (options) => new Tasks(options),
  task: (options) => new Tasks().task("x", options, nothing),
  declare: (options) => new Tasks().declare("x", options),
  with: (options) => new Tasks().task("x", nothing).with(options),
  Queuey: (options) => new Queuey(options),
  RetryError: (options) => new RetryError("again", options),
  startWorkers: (options) => new Engine(new MemoryBroker()).startWorkers(options),
  run: (options) => new Engine(new MemoryBroker()).run(options),
  close: (options) => new Engine(new MemoryBroker()).close(options),
  stopWorkers: (options) => new Engine(new MemoryBroker()).stopWorkers(options),
};

class Config {
  readonly lease = 5000;
}

describe("what is no plain object is refused with a TypeError, and not taken for no options, by", () => {
  for (const [name, take] of Object.entries(TAKERS)) {
    test(name, async () => {
      for (const odd of [new Map(), Promise.resolve({}), new Config(), nothing]) {
        await assert.rejects(async () => take(wrong(odd)), TypeError);
      }
    });
  }
});
