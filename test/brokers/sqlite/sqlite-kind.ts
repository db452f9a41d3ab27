import { SqliteBroker } from "../../../src/brokers/sqlite/sqlite-broker.ts";
import type { BrokerKind } from "../../../src/testing/conformance/test-cluster.ts";
import { FakeRuntime } from "../../../src/testing/fake-runtime.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** Brokers on one file, on a clock that the test owns. */
export const sqliteKind: BrokerKind = {
  name: "SqliteBroker",
  async createCluster() {
    const runtime = new FakeRuntime();
    const folder = temporaryFolder();
    const brokers: SqliteBroker[] = [];
    return {
      async broker() {
        // Without its heartbeat thread: other tests have real processes.
        const broker = SqliteBroker.alone(folder.file("jobs.db"));
        broker.bind({ namespace: "test", runtime });
        await broker.start();
        // As an arbiter does first: it joins the cluster.
        await broker.register([]);
        brokers.push(broker);
        return broker;
      },
      now: () => runtime.clock.now(),
      pass: (ms) => runtime.advance(ms),
      jump: (ms) => {
        runtime.jump(ms);
      },
      async close() {
        for (const broker of brokers) await broker.stop();
        folder.remove();
      },
    };
  },
};
