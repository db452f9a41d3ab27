import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { LeaseLostError } from "../../src/core/errors.ts";
import { currentJob } from "../../src/workers/current-job.ts";
import { engineBench, startWorkers } from "./engine-bench.ts";

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
    assert.deepEqual(await other.broker.rescue(lostId), { reenqueued: 1, failed: 0 });
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
});
