/** For how long a call on a connection is waited for, whatever it carries. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { LinePatience } from "../../../src/brokers/redis/line-patience.ts";
import { type Awaited, Deadlines } from "../../../src/platform/deadlines.ts";
import { FakeRuntime } from "../../../src/testing/fake-runtime.ts";

const TIMEOUT_MS = 1000;
const MIB = 1024 * 1024;

class Line {
  readonly runtime = new FakeRuntime();
  receivedBytes: number | undefined = 0;
  readonly patience = new LinePatience({
    clock: this.runtime.clock,
    timeoutMs: TIMEOUT_MS,
    receivedBytes: () => this.receivedBytes,
  });
  readonly deadlines = new Deadlines({
    runtime: this.runtime,
    timeoutMs: TIMEOUT_MS,
    late: () => new Error("late"),
    patience: this.patience,
  });

  /** Calls; resolves, once it is late, to how long that took, in ms. */
  async lateAfter(sends: Partial<Awaited> = {}, perStep = 0): Promise<number> {
    let isLate = false;
    const startMs = this.runtime.clock.monotonic();
    const call = this.deadlines.bound({ name: "call", ...sends }, new Promise<never>(() => {}));
    call.catch(() => {
      isLate = true;
    });
    for (; !isLate; await this.runtime.advance(50)) {
      if (this.receivedBytes !== undefined) this.receivedBytes += perStep;
      assert.ok(this.runtime.clock.monotonic() - startMs < 600_000, "never late");
    }
    return this.runtime.clock.monotonic() - startMs;
  }

  async answered(sentBytes: number, afterMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const call = this.deadlines.bound({ name: "call", sentBytes }, promise);
    await this.runtime.advance(afterMs);
    if (this.receivedBytes !== undefined) this.receivedBytes += 10;
    resolve();
    await call;
  }
}

function within(ms: number, from: number, to: number): void {
  assert.ok(ms >= from && ms <= to, `${ms} ms`);
}

describe("LinePatience", () => {
  test("a call is late when no byte has come for the timeout", async () => {
    within(await new Line().lateAfter(), TIMEOUT_MS, TIMEOUT_MS + 50);
  });

  test("one on a busy line too, at most a quarter of the timeout later", async () => {
    const line = new Line();
    for (let call = 0; call < 30; call += 1) await line.answered(100, 70);
    within(await line.lateAfter(), TIMEOUT_MS, TIMEOUT_MS * 1.25 + 50);
  });

  test("it is not late as long as bytes come, at 10 KB/s and more", async () => {
    const line = new Line();
    let isLate = false;
    line.deadlines.bound({ name: "call" }, new Promise<never>(() => {})).catch(() => {
      isLate = true;
    });
    for (let step = 0; step < 2000; step += 1) {
      line.receivedBytes = (line.receivedBytes ?? 0) + 550;
      await line.runtime.advance(50);
    }
    assert.equal(isLate, false);
    await line.runtime.advance(TIMEOUT_MS * 1.25);
    assert.equal(isLate, true, "when they stop");
  });

  test("it is late after bytes / 10 KB/s and the timeout, though bytes come", async () => {
    within(await new Line().lateAfter({}, 50), TIMEOUT_MS * 1.1, TIMEOUT_MS * 1.4);
    // 100,000 bytes may take 10 s.
    within(await new Line().lateAfter({ sentBytes: 100_000 }, 1), 11_000, 11_400);
  });

  test("what it sends may take its time, by how fast the line took the last ones", async () => {
    const line = new Line();
    within(await line.lateAfter({ sentBytes: MIB }), 105_800, 106_200);
    await line.answered(MIB, 100);
    within(await line.lateAfter({ sentBytes: MIB }), 1800, 2100);
    // Short ones say nothing of that.
    await line.answered(100, 900);
    within(await line.lateAfter({ sentBytes: MIB }), 1800, 2100);
    line.patience.forget();
    within(await line.lateAfter({ sentBytes: MIB }), 105_800, 106_200);
  });

  test("one that waits behind others has its time from when it is the oldest", async () => {
    const line = new Line();
    const { promise, resolve } = Promise.withResolvers<void>();
    const large = line.deadlines.bound({ name: "large" }, promise);
    const late = line.lateAfter({}, 0);
    for (let step = 0; step < 100; step += 1) {
      line.receivedBytes = (line.receivedBytes ?? 0) + 5000;
      await line.runtime.advance(50);
    }
    resolve();
    await large;
    within(await late, 5000 + TIMEOUT_MS, 5000 + TIMEOUT_MS * 1.5);
  });

  test("where bytes cannot be seen, it has time for what it sends and what may come", async () => {
    const line = new Line();
    line.receivedBytes = undefined;
    within(await line.lateAfter(), TIMEOUT_MS, TIMEOUT_MS + 50);
    within(await line.lateAfter({ sentBytes: 10_000, expectedBytes: 20_000 }), 4000, 4050);
  });
});
