/** Workers inside a web server's process: a request schedules a job and is answered at once. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { AsyncWorkers, Engine, MemoryBroker } from "spinach";

const spin = new Engine(new MemoryBroker());
const resized: string[] = [];

const resize = spin.task("resize", { maxRetries: 3, timeout: 30_000 }, async (image: string) => {
  await sleep(100);
  resized.push(image);
});

async function accept({ url = "/" }: IncomingMessage): Promise<string> {
  const job = await spin.schedule(resize, url.slice(1));
  return job.id;
}

const server = createServer((request, response) => {
  accept(request).then(
    (id) => response.writeHead(202).end(id),
    () => response.writeHead(503).end("try again later"),
  );
});

// Not `run`: the signals of this process are the server's own business.
const running = await spin.startWorkers({ workers: new AsyncWorkers({ number: 50 }) });
server.listen(0, "127.0.0.1");
await once(server, "listening");

/** First no more requests, then the jobs that run may end, then the broker is let go. */
async function stop(): Promise<void> {
  server.close();
  await running.stop({ timeout: 10_000 });
  await spin.close();
}
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void stop());

// The example is its own visitor.
const { port } = server.address() as AddressInfo;
for (const image of ["cat.png", "dog.png", "owl.png"]) {
  const response = await fetch(`http://127.0.0.1:${port}/${image}`);
  console.log(`${response.status} for ${image}, job ${await response.text()}`);
  assert.equal(response.status, 202);
}
console.log(`all answered, ${resized.length} resized so far: stopping`);
await stop();
console.log(`stopped, resized ${resized.join(", ")}`);
assert.deepEqual(resized, ["cat.png", "dog.png", "owl.png"]);
