import { after, before } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { RedisBroker } from "../../../src/brokers/redis/redis-broker.ts";
import { systemRuntime } from "../../../src/platform/runtime.ts";
import { brokerConformance } from "../../../src/testing/conformance/broker-conformance.ts";
import { RecordingLogger } from "../../../src/testing/recording-logger.ts";
import { startRedis, type TestRedis } from "./redis-server.ts";

let redis: TestRedis;
let clusters = 0;
const runtime = { ...systemRuntime(), logger: new RecordingLogger() };

before(async () => {
  redis = await startRedis();
});
after(() => redis.stop());

brokerConformance({
  name: "RedisBroker",
  async createCluster() {
    clusters += 1;
    const namespace = `test-${clusters}`;
    const brokers: RedisBroker[] = [];
    return {
      async broker() {
        const broker = new RedisBroker(redis.url);
        broker.bind({ namespace, runtime });
        await broker.start();
        // As an arbiter does first: it joins the cluster.
        await broker.register([]);
        brokers.push(broker);
        return broker;
      },
      now: () => Date.now(),
      pass: (ms) => sleep(ms),
      async close() {
        await Promise.all(brokers.map((broker) => broker.stop()));
      },
    };
  },
});
