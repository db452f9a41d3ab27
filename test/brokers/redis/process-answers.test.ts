import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { PeerCertificate } from "node:tls";

import type { HeartbeatQuestion } from "../../../src/brokers/heartbeat/heartbeat-protocol.ts";
import { ProcessAnswers } from "../../../src/brokers/redis/process-answers.ts";
import { FakeRuntime, settled } from "../../../src/testing/fake-runtime.ts";

const TIMEOUT_MS = 100;

function thread(): {
  readonly runtime: FakeRuntime;
  readonly answers: ProcessAnswers;
  readonly asked: HeartbeatQuestion[];
} {
  const runtime = new FakeRuntime();
  const asked: HeartbeatQuestion[] = [];
  const ask = (question: HeartbeatQuestion): void => void asked.push(question);
  return { runtime, asked, answers: new ProcessAnswers({ runtime, timeoutMs: TIMEOUT_MS, ask }) };
}

function certificate(fingerprint512: string): PeerCertificate {
  return { fingerprint512 } as PeerCertificate;
}

describe("ProcessAnswers.credential()", () => {
  test("gives the last one when the process does not answer in time, and none before that", async () => {
    const { runtime, answers, asked } = thread();
    const first = answers.credential(0);
    await settled();
    assert.equal(asked.length, 1);
    await Promise.all([
      assert.rejects(first, /did not give the credentials in time/v),
      runtime.advance(TIMEOUT_MS),
    ]);
    const second = answers.credential(0);
    answers.answered({ type: "answer", id: 2, value: "one" });
    assert.equal(await second, "one");
    const third = answers.credential(0);
    await runtime.advance(TIMEOUT_MS);
    assert.equal(await third, "one");
    const other = answers.credential(1);
    await Promise.all([assert.rejects(other), runtime.advance(TIMEOUT_MS)]);
  });

  test("rejects with what the function fails with, also when it gave one before", async () => {
    const { answers } = thread();
    const first = answers.credential(0);
    answers.answered({ type: "answer", id: 1, value: "one" });
    await first;
    const second = answers.credential(0);
    answers.answered({ type: "noAnswer", id: 2, message: "the vault is sealed" });
    await assert.rejects(second, /the vault is sealed/v);
  });
});

describe("ProcessAnswers.checkServerIdentity()", () => {
  test("refuses a server until the process has said that it is the right one, and for 10 s only then", async () => {
    const { runtime, answers, asked } = thread();
    const check = answers.checkServerIdentity(0);
    assert.match(String(check("host", certificate("one"))), /is being asked/v);
    await runtime.advance(TIMEOUT_MS);
    assert.match(String(check("host", certificate("one"))), /is being asked/v);
    assert.equal(asked.length, 2);
    answers.answered({ type: "answer", id: 2, value: undefined });
    await settled();
    assert.equal(check("host", certificate("one")), undefined);
    assert.match(String(check("host", certificate("two"))), /is being asked/v);
    assert.match(String(check("other host", certificate("one"))), /is being asked/v);
    await runtime.advance(10_000);
    assert.match(String(check("host", certificate("one"))), /is being asked/v);
  });

  test("refuses a server for what the process says against it, or when it cannot tell", async () => {
    const { answers } = thread();
    const check = answers.checkServerIdentity(0);
    check("host", certificate("one"));
    answers.answered({ type: "answer", id: 1, value: "not ours" });
    check("host", certificate("two"));
    answers.answered({ type: "noAnswer", id: 2, message: "broken" });
    await settled();
    assert.match(String(check("host", certificate("one"))), /not ours/v);
    assert.match(String(check("host", certificate("two"))), /is being asked/v);
  });
});
