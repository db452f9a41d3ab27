import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { suite, test } from "node:test";
import { runInNewContext } from "node:vm";

import {
  type EventName,
  isEventName,
  type JobEvent,
  Signals,
  type SpinachEvents,
} from "../../src/signals/signals.ts";
import { settled } from "../../src/testing/fake-runtime.ts";
import { makeJob } from "../core/make-job.ts";

const event: JobEvent = { namespace: "tests", job: makeJob().job };

const payloads: SpinachEvents = {
  jobStarted: event,
  jobFinished: { ...event, durationMs: 5 },
  jobFailed: { ...event, err: new Error("boom"), durationMs: 5 },
  jobRetryScheduled: { ...event, err: new Error("boom"), durationMs: 5 },
  workerStarted: { namespace: "tests", workerName: "w1" },
  workerTerminated: { namespace: "tests", workerName: "w1" },
};
const names = Object.keys(payloads) as EventName[];

interface Recorded {
  readonly signals: Signals;
  readonly faults: Array<readonly [name: EventName, err: unknown]>;
}

function recorded(): Recorded {
  const faults: Recorded["faults"] = [];
  const signals = new Signals((err, name) => {
    faults.push([name, err]);
  });
  return { signals, faults };
}

suite("Signals", () => {
  for (const name of names) {
    test(`gives the ${name} event to its receivers and to the channel spinach:${name}`, (t) => {
      const { signals, faults } = recorded();
      const got: unknown[] = [];
      const listen = (message: unknown): void => {
        got.push(message);
      };
      subscribe(`spinach:${name}`, listen);
      t.after(() => unsubscribe(`spinach:${name}`, listen));
      for (const other of names) {
        if (other !== name) signals.on(other, () => assert.fail("an event went astray"));
      }
      signals.on(name, listen);
      signals.emit(name, payloads[name]);
      assert.equal(got.length, 2);
      assert(got.every((message) => message === payloads[name]));
      assert.deepEqual(faults, []);
    });
  }

  test("calls receivers in the order they were added, each once", () => {
    const { signals } = recorded();
    const order: string[] = [];
    const first = (): unknown => order.push("first");
    signals.on("jobStarted", first);
    signals.on("jobStarted", () => order.push("second"));
    signals.on("jobStarted", first);
    signals.emit("jobStarted", event);
    assert.deepEqual(order, ["first", "second"]);
  });

  test("forgets a receiver that was taken off, and only it", () => {
    const { signals } = recorded();
    const order: string[] = [];
    const first = (): unknown => order.push("first");
    signals.on("jobStarted", first);
    signals.on("jobStarted", () => order.push("second"));
    signals.off("jobStarted", first);
    signals.off("jobStarted", first);
    signals.off("jobFailed", first);
    signals.emit("jobStarted", event);
    assert.deepEqual(order, ["second"]);
  });

  test("lets a receiver take itself off while it is called", () => {
    const { signals } = recorded();
    const order: string[] = [];
    const once = (): void => {
      order.push("once");
      signals.off("jobStarted", once);
    };
    signals.on("jobStarted", once);
    signals.on("jobStarted", () => order.push("always"));
    signals.emit("jobStarted", event);
    signals.emit("jobStarted", event);
    assert.deepEqual(order, ["once", "always", "always"]);
  });

  test("reports a receiver that throws, and hurts neither the sender nor the others", () => {
    const { signals, faults } = recorded();
    const order: string[] = [];
    const error = new Error("bad receiver");
    signals.on("jobFailed", () => {
      throw error;
    });
    signals.on("jobFailed", () => order.push("second"));
    signals.emit("jobFailed", event);
    assert.deepEqual(order, ["second"]);
    assert.deepEqual(faults, [["jobFailed", error]]);
  });

  test("[G15] Signals reports a receiver that rejects, so that no rejection is unhandled", async () => {
    const { signals, faults } = recorded();
    const error = new Error("bad async receiver");
    // An unhandled rejection would fail this test.
    signals.on("jobFinished", async () => {
      await Promise.resolve();
      throw error;
    });
    signals.on("jobFinished", async () => "fine");
    const foreign = runInNewContext("async () => { throw 'other realm'; }") as () => unknown;
    signals.on("jobFinished", foreign);
    signals.emit("jobFinished", event);
    assert.deepEqual(faults, []);
    await settled();
    assert.deepEqual(
      new Set(faults),
      new Set([
        ["jobFinished", error],
        ["jobFinished", "other realm"],
      ]),
    );
  });

  test("isObserved() tells of receivers and of channel subscribers", () => {
    const { signals } = recorded();
    const nothing = (): void => undefined;
    assert.equal(signals.isObserved("jobStarted"), false);
    signals.on("jobStarted", nothing);
    assert.equal(signals.isObserved("jobStarted"), true);
    assert.equal(signals.isObserved("jobFailed"), false);
    signals.off("jobStarted", nothing);
    assert.equal(signals.isObserved("jobStarted"), false);
    subscribe("spinach:jobStarted", nothing);
    assert.equal(signals.isObserved("jobStarted"), true);
    unsubscribe("spinach:jobStarted", nothing);
    assert.equal(signals.isObserved("jobStarted"), false);
  });
});

test("isEventName() knows the six events and nothing else", () => {
  assert.equal(names.length, 6);
  assert(names.every(isEventName));
  for (const other of ["", "JobStarted", "toString", "__proto__", 1, undefined]) {
    assert.equal(isEventName(other), false);
  }

  test("gives an event to those who were there when it was sent, whoever comes and goes meanwhile", () => {
    const { signals } = recorded();
    const got: string[] = [];
    const leaves = (): void => void got.push("leaves");
    signals.on("jobStarted", () => {
      got.push("first");
      signals.on("jobStarted", () => got.push("comes"));
      signals.off("jobStarted", leaves);
    });
    signals.on("jobStarted", leaves);
    signals.emit("jobStarted", event);
    assert.deepEqual(got, ["first", "leaves"]);
  });
});
