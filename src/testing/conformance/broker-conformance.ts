import { describe, it } from "node:test";

import type { BenchTest } from "./broker-bench.ts";
import { definitionTests } from "./definition-tests.ts";
import { failureTests } from "./failure-tests.ts";
import { futureTests } from "./future-tests.ts";
import { housekeepingTests } from "./housekeeping-tests.ts";
import { limitTests } from "./limit-tests.ts";
import { periodicTests } from "./periodic-tests.ts";
import { queueTests } from "./queue-tests.ts";
import { settleTests } from "./settle-tests.ts";
import { type BrokerKind, JobMaker } from "./test-cluster.ts";

/**
 * The promises of a broker, as tests of `node:test`: call it at the top of a test file.
 *
 * @example
 * brokerConformance({ name: "MyBroker", createCluster: async () => { ... } });
 */
export function brokerConformance(kind: BrokerKind): void {
  const test: BenchTest = (title, body) => {
    it(title, async () => {
      const cluster = await kind.createCluster();
      try {
        // At once: a broker may take a while to start.
        const [broker, other] = await Promise.all([cluster.broker(), cluster.broker()]);
        await body({ cluster, broker, other, jobs: new JobMaker(cluster) });
      } finally {
        await cluster.close();
      }
    });
  };
  describe(`${kind.name} keeps the contract of a broker`, () => {
    queueTests(test);
    settleTests(test);
    futureTests(test);
    limitTests(test);
    periodicTests(test);
    definitionTests(test);
    failureTests(test);
    housekeepingTests(test);
  });
}
