import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A name that leads to one server after the other, as DNS, a load balancer or a service does. */
export interface SwitchableName extends AsyncDisposable {
  readonly url: string;
  /** From now on new connections lead to this port; those that are open stay where they are. */
  leadTo(port: number): void;
  /** Connections that are open now become half-open: they stay, and nothing passes any more. New ones work. */
  halfOpen(): void;
}

export async function startSwitchableName(port: number): Promise<SwitchableName> {
  let target = port;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target, "127.0.0.1");
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.once("close", () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the name has no port");
  return {
    url: `redis://127.0.0.1:${address.port}`,
    leadTo: (next) => {
      target = next;
    },
    halfOpen: () => {
      for (const socket of sockets) {
        socket.unpipe();
        socket.pause();
      }
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
