/** What a process makes of notifications, where the order of messages and replies decides. */
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { WakeUps } from "../../../src/brokers/redis/wake-ups.ts";
import { FakeRuntime } from "../../../src/testing/fake-runtime.ts";

const OWN = "own";
const OTHER = "other";

/** By then a second look has been taken. */
const SECOND_LOOK_MS = 2500;

let runtime: FakeRuntime;
let wakeUps: WakeUps;
let looks: number;

beforeEach(() => {
  runtime = new FakeRuntime();
  wakeUps = new WakeUps({ runtime, id: () => OWN });
  looks = 0;
  wakeUps.listen(() => {
    looks += 1;
  }, undefined);
});

/** A trip to the queue finds it empty. */
function findsEmpty(meanwhile: () => void = () => undefined): void {
  wakeUps.looks(["q"]);
  meanwhile();
  wakeUps.looked(["q"], false);
}

describe("WakeUps", () => {
  test("looks when it is named, and later when another one is", async () => {
    findsEmpty();
    wakeUps.notified(`q\n${OWN}`);
    assert.equal(looks, 1);
    findsEmpty();
    wakeUps.notified(`q\n${OTHER}`);
    assert.equal(looks, 1);
    await runtime.advance(SECOND_LOOK_MS);
    assert.equal(looks, 2);
  });
  test("need not look if another one did", async () => {
    findsEmpty();
    wakeUps.notified(`q\n${OTHER}`);
    wakeUps.notified("q\nclear");
    await runtime.advance(SECOND_LOOK_MS);
    assert.equal(looks, 0);
  });
  test("looks later for a job whose message overtook the reply that the queue is empty", async () => {
    findsEmpty(() => {
      wakeUps.notified(`q\n\n${OTHER}`);
    });
    await runtime.advance(SECOND_LOOK_MS);
    assert.equal(looks, 1);
  });
  test("but not if that job was seen to, or came before the look", async () => {
    findsEmpty(() => {
      wakeUps.notified(`q\n\n${OTHER}`);
      wakeUps.notified("q\nclear");
    });
    wakeUps.looked(["q"], true);
    wakeUps.notified(`q\n\n${OTHER}`);
    findsEmpty();
    await runtime.advance(SECOND_LOOK_MS);
    assert.equal(looks, 0);
  });
  test("ignores the message of its own call", async () => {
    findsEmpty();
    wakeUps.notified(`q\n\n${OWN}`);
    await runtime.advance(SECOND_LOOK_MS);
    assert.equal(looks, 0);
  });
});
