import { setTimeout as sleep } from "node:timers/promises";

import { MemoryBroker } from "../../src/brokers/memory/memory-broker.ts";
import { MemoryStore } from "../../src/brokers/memory/memory-store.ts";
import { RedisBroker } from "../../src/brokers/redis/redis-broker.ts";
import { RedisKeys } from "../../src/brokers/redis/redis-keys.ts";
import { systemRuntime } from "../../src/platform/runtime.ts";
import { FakeRuntime } from "../../src/testing/fake-runtime.ts";
import { RecordingLogger } from "../../src/testing/recording-logger.ts";
import { brokerModel } from "./model/broker-model.ts";
import { ownRedis } from "./redis/own-redis.ts";
import { sqliteKind } from "./sqlite/sqlite-kind.ts";

brokerModel({
  name: "MemoryBroker",
  async createCluster() {
    const runtime = new FakeRuntime();
    const store = new MemoryStore();
    return {
      async broker() {
        const broker = new MemoryBroker({ store });
        broker.bind({ namespace: "model", runtime });
        await broker.start();
        return broker;
      },
      now: () => runtime.clock.now(),
      pass: (ms) => runtime.advance(ms),
      close: async () => {},
    };
  },
});

// Jobs stay parked when their limit is gone: their order among those that were put back is not promised.
brokerModel(sqliteKind, { ordersUnlimited: false });

const redis = ownRedis();

/** Takes so many seconds off all scores: what waits is due so much earlier. */
const SHIFT = `for _, key in ipairs(KEYS) do
  local found = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  for index = 1, #found, 2 do
    redis.call('ZADD', key, string.format('%.6f', tonumber(found[index + 1]) - ARGV[1]), found[index])
  end
end`;

brokerModel(
  {
    name: "RedisBroker",
    async createCluster() {
      const runtime = { ...systemRuntime(), logger: new RecordingLogger() };
      const brokers: RedisBroker[] = [];
      return {
        async broker() {
          const broker = new RedisBroker(redis.url);
          broker.bind({ namespace: "model", runtime });
          await broker.start();
          await broker.register([]);
          brokers.push(broker);
          return broker;
        },
        now: () => Date.now(),
        pass: (ms) => sleep(ms),
        close: async () => {
          await Promise.all(brokers.map((broker) => broker.stop()));
        },
      };
    },
  },
  {
    runs: 100,
    ordersUnlimited: false,
    precisionMs: 5000,
    async shiftTime(ms) {
      const { future, periodic, periodicExact } = new RedisKeys("model").fixed;
      await redis.inspector.call(
        "EVAL",
        SHIFT,
        "3",
        future,
        periodic,
        periodicExact,
        String(ms / 1000),
      );
    },
  },
);
