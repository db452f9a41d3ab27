import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

import { within } from "../../../src/testing/waits.ts";
import { Lane } from "./lane.ts";

/** Stands between a client and a server, and does what networks do. */
export interface TcpProxy {
  readonly port: number;
  /** Towards the server. */
  readonly up: Lane;
  /** Towards the clients. */
  readonly down: Lane;
  /** Cuts every connection; new ones are made as usual. */
  cut(): void;
  /** Passes requests on and swallows the replies, then cuts, after so many requests. */
  loseReplies(requests: number): void;
  /** Keeps connections open and passes nothing, or passes all again. */
  freeze(frozen: boolean): void;
  /** Keeps the connections that are there now open and passes nothing on them; new ones are served as usual. */
  silence(): void;
  /** Cuts a connection instead of passing on the first request that has this text in it; resolves then. */
  cutAt(request: string): Promise<void>;
  /**
   * Keeps back the first request that has this text in it, and what comes after it on its connection, also once its
   * client has gone. Resolves then, to what lets it through and resolves when the server's end is closed.
   */
  holdAt(request: string): Promise<() => Promise<void>>;
  /** Resolves when the next connection was accepted. */
  connected(): Promise<unknown>;
  close(): Promise<void>;
}

export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const [up, down] = [new Lane(), new Lane()];
  let repliesToLose = 0;
  let isFrozen = false;
  const silent = new Set<Socket>();
  let doomed: { readonly request: string; readonly done: () => void } | undefined;
  let delayed:
    | { readonly request: string; readonly done: (letThrough: () => Promise<void>) => void }
    | undefined;
  const server = createServer((client) => {
    const target = connect(targetPort, "127.0.0.1");
    let held: Buffer[] | undefined;
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.once("close", () => {
        sockets.delete(socket);
        client.destroy();
        if (held === undefined || socket === target) target.destroy();
      });
    }
    const letThrough = async (): Promise<void> => {
      const closed = target.closed ? undefined : once(target, "close");
      target.end(Buffer.concat(held ?? []));
      await closed;
    };
    client.on("data", (chunk) => {
      if (doomed !== undefined && chunk.includes(doomed.request)) {
        doomed.done();
        doomed = undefined;
        client.destroy();
        return;
      }
      if (delayed !== undefined && chunk.includes(delayed.request)) {
        held = [];
        delayed.done(letThrough);
        delayed = undefined;
      }
      if (held !== undefined) held.push(chunk);
      else if (!isFrozen && !silent.has(client)) up.pass(client, target, chunk);
    });
    target.on("data", (chunk) => {
      if (isFrozen || silent.has(target)) return;
      if (repliesToLose === 0) {
        down.pass(target, client, chunk);
        return;
      }
      repliesToLose -= 1;
      client.destroy();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: address.port,
    up,
    down,
    cut,
    loseReplies: (requests) => {
      repliesToLose = requests;
    },
    freeze: (frozen) => {
      isFrozen = frozen;
    },
    silence: () => {
      for (const socket of sockets) silent.add(socket);
    },
    cutAt: (request) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      doomed = { request, done: resolve };
      return within(`a request with ${request}`, promise);
    },
    holdAt: (request) => {
      const { promise, resolve } = Promise.withResolvers<() => Promise<void>>();
      delayed = { request, done: resolve };
      return within(`a request with ${request}`, promise);
    },
    connected: () => within("a connection", once(server, "connection")),
    close: async () => {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}
