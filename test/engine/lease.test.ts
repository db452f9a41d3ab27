import assert from "node:assert/strict";
import { describe, it, mock } from "node:test";

import type { ExchangeRequest } from "../../src/brokers/broker.ts";
import { LeaseLostError } from "../../src/core/errors.ts";
import type { FaultBroker } from "../../src/testing/fault-broker.ts";
import { currentJob } from "../../src/workers/current-job.ts";
import { makeJob } from "../core/make-job.ts";
import { engineBench, startWorkers } from "./engine-bench.ts";
import { claimsOf, leaseOf, toldBy } from "./own-broker.ts";

describe("a process that lost its lease", () => {
  it("[G8] is told, drops its outcomes, and goes on as another broker", async () => {
    const victim = engineBench();
    const other = engineBench(victim);
    const starts: string[] = [];
    const reasons: unknown[] = [];
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
    victim.spin.task("job", { maxRetries: 3 }, async () => {
      starts.push(`victim ${currentJob()?.retries}`);
      const signal = currentJob()?.signal;
      signal?.addEventListener("abort", () => reasons.push(signal.reason));
      await gates[starts.length - 1]?.promise;
    });
    const running = await startWorkers(victim);
    const job = await victim.spin.schedule("job");
    await victim.runtime.advance(1);
    const lostId = victim.broker.id;
    assert.deepEqual(await other.broker.rescue(lostId), { reenqueued: 1, failed: [] });
    await victim.runtime.advance(60_000);
    assert.notEqual(victim.broker.id, lostId);
    assert.ok(reasons[0] instanceof LeaseLostError);
    assert.deepEqual(starts, ["victim 0", "victim 1"]);
    // The first attempt ends well, but too late to matter: the second goes on, and is the one that counts.
    gates[0].resolve();
    await victim.runtime.advance(60_000);
    assert.deepEqual(starts, ["victim 0", "victim 1"], `${job.id} runs once more, not twice`);
    gates[1].reject(new Error("the second fails, and is retried"));
    await victim.runtime.advance(60_000);
    assert.deepEqual(starts, ["victim 0", "victim 1", "victim 2"]);
    await running.stop();
    assert.equal(victim.runtime.pendingTimers, 0);
  });

  it("[G4] looks for a job that a lost reply brought, though its own lost run of it still goes on", async () => {
    const victim = engineBench();
    const other = engineBench(victim);
    let starts = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    victim.spin.task("job", { maxRetries: 3 }, async () => {
      starts += 1;
      await promise;
    });
    const running = await startWorkers(victim);
    await victim.spin.schedule("job");
    await victim.runtime.advance(1);
    victim.broker.failNext("exchange", "after", "after", "after");
    await other.broker.rescue(victim.broker.id);
    await victim.runtime.advance(600_000);
    assert.equal(starts, 2);
    resolve();
    await running.stop();
    await victim.spin.close();
  });

  it("[G8] at any moment around a reply runs none of its jobs as if they were its own", async () => {
    for (let microtasks = 0; microtasks < 12; microtasks += 1) {
      const bench = engineBench();
      const { broker, runtime, spin } = bench;
      const isAborted: unknown[] = [];
      spin.task("job", async () => {
        await new Promise<void>((resolve) => {
          runtime.timers.set(resolve, 10);
        });
        isAborted.push(currentJob()?.signal.aborted);
      });
      loseLeaseAfterJobs(broker, microtasks);
      await startWorkers(bench);
      await spin.schedule("job");
      await runtime.advance(100);
      assert.ok(!isAborted.includes(false), `${microtasks} microtasks after the reply`);
      await spin.close();
    }
  });

  it("[G8] says nothing any more of a job that had ended, and could not be told before", async () => {
    const bench = engineBench();
    const { broker, runtime, spin } = bench;
    const lease = leaseOf(broker);
    const { promise, resolve } = Promise.withResolvers<void>();
    await spin.schedule(spin.task("ended", () => promise));
    await startWorkers(bench);
    await runtime.advance(1);
    broker.failNext("exchange", "before");
    const before = broker.calls.exchange;
    resolve();
    await runtime.advance(1);
    assert.equal(broker.calls.exchange, before + 1, "it tried to tell");
    lease.lose();
    const told = toldBy(broker);
    await runtime.advance(10_000);
    assert.deepEqual(told, []);
    await spin.close();
  });

  it("[G8] gives nothing back of what it was told only then that it had taken", async () => {
    const bench = engineBench();
    const { broker, runtime, spin } = bench;
    const lease = leaseOf(broker);
    await spin.schedule(spin.task("lost", () => undefined));
    broker.failNext("exchange", "after");
    const answer = broker.holdNext("reconcile");
    await startWorkers(bench);
    await runtime.advance(10_000);
    assert.equal(broker.calls.reconcile, 1, "it looks for what the lost reply brought");
    lease.lose();
    const told = toldBy(broker);
    answer();
    await runtime.advance(10_000);
    assert.deepEqual(told, []);
    await spin.close();
  });

  for (const isLost of [false, true]) {
    const runs = isLost ? "no job" : "a job";
    it(`[G8] runs ${runs} that it had claimed ${isLost ? "before" : "and kept its lease for"}`, async () => {
      const bench = engineBench();
      const { broker, runtime, spin } = bench;
      const lease = leaseOf(broker);
      const claims = claimsOf(broker);
      let starts = 0;
      spin.task("claimed", () => {
        starts += 1;
      });
      await startWorkers(bench);
      await runtime.advance(1000);
      const claim = claims("spinach");
      assert.ok(claim !== undefined, "it stands idle");
      if (isLost) lease.lose();
      const jobs = [makeJob({ taskName: "claimed" })];
      claim.concluded({ jobs, count: jobs.length, more: false });
      await runtime.advance(1000);
      assert.equal(starts, isLost ? 0 : 1);
      await spin.close();
    });
  }
});

/** Tells a broker's listeners that its lease is lost, so many microtasks after it has replied with jobs. */
function loseLeaseAfterJobs(broker: FaultBroker, microtasks: number): void {
  let lost: () => void = () => undefined;
  mock.method(broker, "onLeaseLost", (listener: () => void) => {
    lost = listener;
    return () => undefined;
  });
  const exchange = broker.exchange.bind(broker);
  mock.method(broker, "exchange", async (request: ExchangeRequest) => {
    const reply = await exchange(request);
    if (reply.jobs.length > 0) void after(microtasks).then(lost);
    return reply;
  });
}

async function after(microtasks: number): Promise<void> {
  for (let passed = 0; passed < microtasks; passed += 1) await Promise.resolve();
}
