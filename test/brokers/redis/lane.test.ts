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
