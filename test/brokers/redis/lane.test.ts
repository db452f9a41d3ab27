/** The thin line that other tests put between a broker and its Redis. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { test } from "node:test";

import { startTcpProxy } from "./tcp-proxy.ts";

const MS = 1000;

/** Resolves when so many bytes have come, to the time. */
async function received(socket: Socket, bytes: number): Promise<number> {
  while (socket.bytesRead < bytes) await once(socket, "data");
  return performance.now();
}

test(
  "a lane passes bytes at its bandwidth, in turn for its connections, and counts them",
  { timeout: 10 * MS },
  async () => {
    const server = createServer((socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    assert.ok(address !== null && typeof address === "object");
    const proxy = await startTcpProxy(address.port);
    const [large, small] = [connect(proxy.port), connect(proxy.port)];
    try {
      proxy.down.narrow(200_000);
      const startedMs = performance.now();
      large.write(Buffer.alloc(100_000));
      await once(large, "data");
      small.write("x");
      const smallAtMs = await received(small, 1);
      const largeAtMs = await received(large, 100_000);
      assert.ok(largeAtMs - startedMs >= 450, `${largeAtMs - startedMs} ms`);
      assert.ok(smallAtMs < largeAtMs - 100, "the small one waited for the large one");
      assert.equal(proxy.up.passedBytes, 100_001);
      assert.equal(proxy.down.passedBytes, 100_001);
    } finally {
      large.destroy();
      small.destroy();
      await proxy.close();
      server.close();
    }
  },
);

test(
  "a lane that is long delivers all bytes later, in order, and as many at a time as before",
  { timeout: 10 * MS },
  async () => {
    const server = createServer((socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    assert.ok(address !== null && typeof address === "object");
    const proxy = await startTcpProxy(address.port);
    const client = connect(proxy.port);
    try {
      proxy.up.lengthen(100);
      const chunks: Buffer[] = [];
      client.on("data", (chunk) => chunks.push(chunk));
      const startedMs = performance.now();
      for (let index = 0; index < 50; index += 1) client.write(`${index},`);
      const text = Array.from({ length: 50 }, (_, index) => `${index},`).join("");
      const tookMs = (await received(client, text.length)) - startedMs;
      assert.ok(tookMs >= 99 && tookMs < 2000, `${tookMs} ms`);
      assert.equal(Buffer.concat(chunks).toString(), text);
    } finally {
      client.destroy();
      await proxy.close();
      server.close();
    }
  },
);
