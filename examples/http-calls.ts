/** 150 HTTP calls in 256 coroutines: each waits for the network, none for another. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { AsyncWorkers, Batch, currentJob, Engine, MemoryBroker } from "spinach";

const CALLS = 150;

/** Answers each call after 50 to 100 ms, with the path that was asked for. */
const server = createServer((request, response) => {
  setTimeout(() => response.end(request.url), 50 + Math.random() * 50);
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address() as AddressInfo;

const spin = new Engine(new MemoryBroker());
const answers = new Set<string>();
let sumMs = 0;

const call = spin.task("call", { maxRetries: 3, timeout: 5000 }, async (path: string) => {
  const startedMs = performance.now();
  // The signal aborts at the timeout, and when the workers stop: then the call ends with it.
  const signal = currentJob()?.signal ?? null;
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal });
  answers.add(await response.text());
  sumMs += performance.now() - startedMs;
});

const batch = new Batch();
for (let index = 0; index < CALLS; index += 1) batch.schedule(call, `/item/${index}`);

const startedMs = performance.now();
await spin.scheduleBatch(batch);
await spin.run({ workers: new AsyncWorkers({ number: 256 }), stopWhenQueueEmpty: true });
const tookMs = performance.now() - startedMs;
server.close();
server.closeAllConnections();

console.log(
  `${answers.size} answers in ${Math.round(tookMs)} ms; the calls waited ${Math.round(sumMs)} ms in all`,
);
assert.equal(answers.size, CALLS);
assert.ok(tookMs < sumMs / 4, "the calls did not overlap");
