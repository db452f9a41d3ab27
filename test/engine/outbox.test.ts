import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { Outcome } from "../../src/core/outcome.ts";
import { Outbox } from "../../src/engine/outbox.ts";
import { makeJob } from "../core/make-job.ts";

function outcome(id: string): Outcome {
  return { kind: "succeeded", stored: makeJob({ id }) };
}

function ids(outcomes: readonly Outcome[]): readonly string[] {
  return outcomes.map(({ stored }) => stored.job.id);
}

describe("Outbox", () => {
  it("tells in the order in which jobs ended, also after a trip that failed", () => {
    const outbox = new Outbox();
    outbox.add(outcome("first"));
    outbox.take();
    outbox.add(outcome("second"));
    outbox.failed(0);
    assert.deepEqual(
      outbox.jobs.map(({ job }) => job.id),
      ["first", "second"],
    );
    assert.deepEqual(ids(outbox.take()), ["first", "second"]);
  });

  it("inherit() puts what another one could not tell before its own", () => {
    const [earlier, later] = [new Outbox(), new Outbox()];
    earlier.add(outcome("first"));
    later.add(outcome("second"));
    later.inherit(earlier);
    assert.deepEqual(ids(later.take()), ["first", "second"]);
  });

  it("looks for what a lost reply brought at once, and once more when it may still have come late", () => {
    const outbox = new Outbox();
    assert.equal(outbox.lookAtMs, Infinity);
    outbox.mustLook(1000);
    assert.equal(outbox.lookAtMs, 1000);
    outbox.looked();
    assert.equal(outbox.lookAtMs, 61_000);
    outbox.looked();
    assert.equal(outbox.lookAtMs, Infinity);
  });

  it("inherit() looks as soon as either of the two would have, and as late", () => {
    const [earlier, later] = [new Outbox(), new Outbox()];
    earlier.mustLook(1000);
    later.inherit(earlier);
    assert.equal(later.lookAtMs, 1000);
    later.looked();
    assert.equal(later.lookAtMs, 61_000);
  });

  it("clear() leaves nothing to tell, and nothing to look for", () => {
    const outbox = new Outbox();
    outbox.add(outcome("under way"));
    outbox.take();
    outbox.add(outcome("waiting"));
    outbox.mustLook(0);
    outbox.clear();
    assert.equal(outbox.isEmpty, true);
    assert.deepEqual(outbox.jobs, []);
    assert.equal(outbox.lookAtMs, Infinity);
  });
});
