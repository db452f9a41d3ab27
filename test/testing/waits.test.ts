import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { until, within } from "../../src/testing/waits.ts";

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
}

describe("within()", () => {
  it("gives what comes in time, and leaves no timer", async () => {
    const before = timers();
    assert.equal(await within("a value", Promise.resolve(7)), 7);
    await assert.rejects(within("a value", Promise.reject(new Error("no"))), /^Error: no$/v);
    assert.equal(timers(), before);
  });

  it("says what it waited for, and where", async () => {
    const never = Promise.withResolvers<never>().promise;
    await assert.rejects(within("rain", never, 5), (error: Error) => {
      assert.equal(error.message, "waited 5 ms in vain: rain");
      assert.match(String(error.stack), /waits\.test\.ts/v);
      return true;
    });
  });
});

describe("until()", () => {
  it("asks again until it finds something, also after a rejection", async () => {
    const answers = [
      undefined,
      Promise.reject(new Error("on its way")),
      false,
      Promise.resolve("found"),
    ];
    for (const answer of answers) if (answer instanceof Promise) answer.catch(() => undefined);
    assert.equal(await until("it is found", () => answers.shift() as Promise<string>), "found");
    assert.equal(answers.length, 0);
  });
});
