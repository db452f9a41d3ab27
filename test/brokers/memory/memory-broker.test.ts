import { MemoryBroker } from "../../../src/brokers/memory/memory-broker.ts";
import { MemoryStore } from "../../../src/brokers/memory/memory-store.ts";
import { brokerConformance } from "../../../src/testing/conformance/broker-conformance.ts";
import { FakeRuntime } from "../../../src/testing/fake-runtime.ts";

brokerConformance({
  name: "MemoryBroker",
  async createCluster() {
    const runtime = new FakeRuntime();
    const store = new MemoryStore();
    return {
      async broker() {
        const broker = new MemoryBroker({ store });
        broker.bind({ namespace: "test", runtime });
        await broker.start();
        return broker;
      },
      now: () => runtime.clock.now(),
      pass: (ms) => runtime.advance(ms),
      jump: (ms) => {
        runtime.jump(ms);
      },
      close: async () => {},
    };
  },
});
