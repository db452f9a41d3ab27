/** When an engine claims jobs that its own process is about to schedule. */
import assert from "node:assert/strict";
import { describe, it, mock } from "node:test";

import type { ClaimJobs, Taken } from "../../src/brokers/broker.ts";
import { AsyncWorkers } from "../../src/workers/async-workers.ts";
import { engineBench, startWorkers } from "./engine-bench.ts";
import { claimsOf } from "./own-broker.ts";

const NOTHING: Taken = { jobs: [], count: 0, more: false };

/** Whether there is a claim now; it comes to nothing. */
function canClaim(claims: ClaimJobs): boolean {
  const claim = claims("spinach");
  claim?.concluded(NOTHING);
  return claim !== undefined;
}

describe("workers that stand idle claim jobs of their own process", () => {
  it("once their tasks are registered, not before", async () => {
    const bench = engineBench();
    const { broker, runtime, spin } = bench;
    const claims = claimsOf(broker);
    const answer = broker.holdNext("register");
    await startWorkers(bench);
    await runtime.advance(1000);
    assert.equal(claims("spinach"), undefined);
    answer();
    await runtime.advance(1000);
    assert.ok(canClaim(claims));
    await spin.close();
  });

  it("not while a trip is under way, which may bring as many as there are slots", async () => {
    const bench = engineBench();
    const { broker, runtime, spin } = bench;
    const claims = claimsOf(broker);
    await startWorkers(bench);
    await runtime.advance(1000);
    const answer = broker.holdNext("exchange");
    await spin.schedule(spin.task("work", () => undefined));
    await runtime.advance(1);
    assert.equal(claims("spinach"), undefined);
    answer();
    await runtime.advance(1000);
    assert.ok(canClaim(claims));
    await spin.close();
  });

  it("of their queue only, and once at a time", async () => {
    const bench = engineBench();
    const claims = claimsOf(bench.broker);
    await startWorkers(bench, { number: 7 });
    await bench.runtime.advance(1000);
    assert.equal(claims("elsewhere"), undefined);
    const claim = claims("spinach");
    assert.equal(claim?.max, 7);
    assert.equal(claims("spinach"), undefined);
    claim.concluded(NOTHING);
    await bench.runtime.advance(1);
    assert.ok(canClaim(claims));
    await bench.spin.close();
  });

  it("not while none of them can run one, though none runs", async () => {
    const bench = engineBench();
    const claims = claimsOf(bench.broker);
    const workers = new AsyncWorkers({ number: 1 });
    await bench.spin.startWorkers({ workers });
    await bench.runtime.advance(1000);
    // As threads are that are being replaced.
    mock.getter(workers, "availableSlots", () => 0);
    assert.equal(claims("spinach"), undefined);
    await bench.spin.close();
  });

  it("looks for jobs where nobody knows what came of a claim", async () => {
    const bench = engineBench();
    const claims = claimsOf(bench.broker);
    await startWorkers(bench);
    await bench.runtime.advance(1000);
    claims("spinach")?.concluded(undefined);
    await bench.runtime.advance(1);
    assert.equal(bench.broker.calls.reconcile, 1);
    await bench.spin.close();
  });
});
