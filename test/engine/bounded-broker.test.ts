/** Calls of a broker that does not answer. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { MemoryBroker } from "../../src/brokers/memory/memory-broker.ts";
import { BrokerError } from "../../src/core/errors.ts";
import { BoundedBroker } from "../../src/engine/bounded-broker.ts";
import { FakeRuntime } from "../../src/testing/fake-runtime.ts";
import { FaultBroker } from "../../src/testing/fault-broker.ts";

const REQUEST = { outcomes: [], queues: ["spinach"], max: 1 };

/** Of which a call is under way that carries much. */
class BusyBroker extends FaultBroker {
  oldestCallMs = 0;
}

describe("BoundedBroker", () => {
  test("waits for a call that carries much as long as the broker does, and for others for 30 s", async () => {
    const runtime = new FakeRuntime();
    const broker = new BusyBroker(new MemoryBroker());
    broker.bind({ namespace: "bounded", runtime });
    const bounded = new BoundedBroker({ broker, runtime });
    broker.holdNext("exchange");
    const rejected = assert.rejects(bounded.exchange(REQUEST), BrokerError);
    let isOver = false;
    void rejected.then(() => {
      isOver = true;
    });
    for (let second = 1; second <= 300; second += 1) {
      broker.oldestCallMs = second * 1000;
      await runtime.advance(1000);
    }
    assert.equal(isOver, false);
    // The call is over, and nothing came of it: the next one is short.
    broker.oldestCallMs = 10;
    await runtime.advance(30_000);
    await rejected;
    bounded.giveUp();
    assert.equal(runtime.pendingTimers, 0);
  });
});
