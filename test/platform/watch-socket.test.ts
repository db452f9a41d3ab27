/** Sockets that a package keeps to itself. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, connect as netConnect, type Server, type Socket } from "node:net";
import { after, before, suite, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { connect as tlsConnect } from "node:tls";

import { watchSocket } from "../../src/platform/watch-socket.ts";

suite("watchSocket()", () => {
  let server: Server;
  let port = 0;
  const sockets = new Set<Socket>();

  function keep<Kind extends Socket>(socket: Kind): Kind {
    sockets.add(socket);
    return socket.on("error", () => {});
  }

  before(async () => {
    server = createServer(keep).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address !== null && typeof address === "object") port = address.port;
  });
  after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  test("resolves to the socket that was made, of TCP or TLS, after an await", async () => {
    const byTcp = (): Socket => netConnect({ port, host: "127.0.0.1" });
    const byTls = (): Socket => tlsConnect({ port, host: "127.0.0.1" });
    for (const connect of [byTcp, byTls]) {
      let made: Socket | undefined;
      const seen = await watchSocket(async () => {
        await setImmediate();
        made = keep(connect());
      });
      assert.ok(made !== undefined);
      assert.equal(seen, made);
    }
  });

  test("tells those of others apart", async () => {
    const makeOne = (): Promise<Socket | undefined> =>
      watchSocket(async () => {
        await setImmediate();
        keep(netConnect({ port, host: "127.0.0.1" }));
      });
    const none = watchSocket(async () => {
      await setImmediate();
      await setImmediate();
    });
    const [first, second] = await Promise.all([makeOne(), makeOne()]);
    assert.ok(first !== undefined && second !== undefined);
    assert.notEqual(first, second);
    assert.equal(await none, undefined);
  });
});
